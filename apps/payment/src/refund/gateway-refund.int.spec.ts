import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PaymentState } from '@payments/contracts';
import { changesMade, loseFirstChange, openGatewayFixture, tookNothing, told } from '../gateway.fixture.ts';
import type { GatewayFixture } from '../gateway.fixture.ts';
import { failure, openSessions, won } from '../payment.fixture.ts';

let fixture: GatewayFixture;
beforeEach(async () => (fixture = await openGatewayFixture()));
afterEach(async () => {
  await fixture[Symbol.asyncDispose]();
});

const pay = async () => {
  const { payments } = await fixture.client.executePayments({ userId: 'u-1', reservations: [won('r-1')] });
  return payments[0]?.paymentId ?? '';
};

const paidBack = () =>
  fixture.standIn.ledger().flatMap(({ kind, charge }) => (kind === 'refund' ? [charge] : []));

const unavailable = {
  code: status.UNAVAILABLE,
  details: { reason: 'AUTHORIZER_UNAVAILABLE', retryDelayMs: 1_000 },
};

/** The refund is stored. */
const pending = { ...unavailable, details: { ...unavailable.details, metadata: { state: 'PENDING' } } };

/** The gateway pays back, and says that it failed, however often it is asked. */
const refundAndFail = (at: 'before' | 'after' = 'after') =>
  fixture.standIn.behave({ on: 'POST /refunds', times: 100, then: { status: 500, at } });

describe('RefundPayment of what the payment gateway charged', () => {
  it('is paid back by the gateway, told, and frees the reservation', async () => {
    const paymentId = await pay();
    const { payment } = await fixture.client.refundPayment({ paymentId });
    expect(payment).toMatchObject({ paymentId, state: PaymentState.REFUNDED });
    expect(paidBack()).toEqual([paymentId]);
    expect(await told(fixture, paymentId)).toEqual(['COMPLETED', 'REFUNDED']);
    expect(await fixture.tasks()).toEqual([]);
    expect(await told(fixture, await pay())).toEqual(['COMPLETED']);
  });

  it('is paid back once for 50 clients at the same time, who are answered alike', async () => {
    const paymentId = await pay();
    await openSessions(fixture, 25);
    const [first, ...others] = await Promise.all(
      Array.from({ length: 50 }, () => fixture.client.refundPayment({ paymentId })),
    );
    expect(first?.payment).toMatchObject({ state: PaymentState.REFUNDED });
    expect(others).toEqual(Array(49).fill(first));
    expect(paidBack()).toEqual([paymentId]);
    expect(await told(fixture, paymentId)).toEqual(['COMPLETED', 'REFUNDED']);
  });

  it('that it declines leaves the payment COMPLETED; the same request id is refused again, a new one may try', async () => {
    const paymentId = await pay();
    fixture.standIn.behave({ on: 'POST /refunds', then: { decline: 'too_late' } });
    const request = { requestId: randomUUID(), paymentId };
    const declined = {
      code: status.FAILED_PRECONDITION,
      details: { reason: 'REFUND_DECLINED', metadata: { decline_code: 'too_late' } },
    };
    expect(await failure(fixture.client.refundPayment(request))).toMatchObject(declined);
    expect(await failure(fixture.client.refundPayment(request))).toMatchObject(declined);
    expect(fixture.standIn.declined()).toHaveLength(1);
    expect(await told(fixture, paymentId)).toEqual(['COMPLETED']);
    const { payment } = await fixture.client.refundPayment({ requestId: randomUUID(), paymentId });
    expect(payment).toMatchObject({ state: PaymentState.REFUNDED });
    expect(await failure(fixture.client.refundPayment(request))).toMatchObject(declined);
  });

  it('whose outcome is unknown is UNAVAILABLE, goes on in recovery, and is paid back once', async () => {
    const paymentId = await pay();
    refundAndFail();
    const request = { requestId: randomUUID(), paymentId };
    expect(await failure(fixture.client.refundPayment(request))).toMatchObject(pending);
    expect(await failure(fixture.client.refundPayment(request))).toMatchObject(pending);
    expect(await failure(fixture.client.refundPayment({ paymentId }))).toMatchObject(pending);
    expect(fixture.recoveryWakes()).toBe(1);
    expect(await told(fixture, paymentId)).toEqual(['COMPLETED']);
    fixture.standIn.recover();
    expect(await fixture.recover()).toBe(1);
    const { payment } = await fixture.client.refundPayment(request);
    expect(payment).toMatchObject({ state: PaymentState.REFUNDED });
    expect(paidBack()).toEqual([paymentId]);
    expect(await told(fixture, paymentId)).toEqual(['COMPLETED', 'REFUNDED']);
  });

  it('that never came to the gateway goes on too', async () => {
    const paymentId = await pay();
    fixture.standIn.behave({ on: 'POST /refunds', times: 100, then: tookNothing });
    expect(await failure(fixture.client.refundPayment({ paymentId }))).toMatchObject(pending);
    expect(fixture.logged).toEqual([
      'a call failed with AUTHORIZER_UNAVAILABLE: the payment gateway has not told the outcome yet; the refund goes on',
    ]);
    fixture.standIn.recover();
    await fixture.recover();
    expect(paidBack()).toEqual([paymentId]);
    expect(await told(fixture, paymentId)).toEqual(['COMPLETED', 'REFUNDED']);
  });

  it('is stored also where that loses against another transaction at first', async () => {
    const paymentId = await pay();
    await loseFirstChange(fixture);
    const { payment } = await fixture.client.refundPayment({ paymentId });
    expect(payment).toMatchObject({ state: PaymentState.REFUNDED });
    expect(await changesMade(fixture)).toBe(2);
    expect(await told(fixture, paymentId)).toEqual(['COMPLETED', 'REFUNDED']);
  });

  it('is written once by two that are at it', async () => {
    const paymentId = await pay();
    refundAndFail();
    await failure(fixture.client.refundPayment({ paymentId }));
    fixture.standIn.recover();
    const held = fixture.standIn.hold({ on: 'POST /refunds', at: 'after' });
    const slow = fixture.recover();
    await held.reached;
    await fixture.endLeases();
    await fixture.recover();
    held.release();
    await slow;
    expect(paidBack()).toEqual([paymentId]);
    expect(await told(fixture, paymentId)).toEqual(['COMPLETED', 'REFUNDED']);
    expect(await fixture.tasks()).toEqual([]);
  });

  it('is not asked for again by a key that the gateway may have forgotten', async () => {
    const paymentId = await pay();
    refundAndFail('before');
    await failure(fixture.client.refundPayment({ paymentId }));
    fixture.standIn.recover();
    await fixture.sql(`update payment.gateway_task set created_at = now() - interval '23 hours 1 minute'`);
    const before = fixture.standIn.requests().length;
    await fixture.recover();
    expect(fixture.standIn.requests()).toHaveLength(before);
    expect(fixture.errors).toMatchObject([{ kind: 'REFUND', payment_id: paymentId }]);
  });

  it('is waited for by a second call within its time, then REQUEST_IN_PROGRESS', async () => {
    const paymentId = await pay();
    const held = fixture.standIn.hold({ on: 'POST /refunds', at: 'before' });
    const first = fixture.client.refundPayment({ paymentId });
    await held.reached;
    expect(await failure(fixture.client.refundPayment({ paymentId }, { timeoutMs: 10_000 }))).toMatchObject({
      code: status.ABORTED,
      details: { reason: 'REQUEST_IN_PROGRESS', retryDelayMs: 500 },
    });
    const second = fixture.client.refundPayment({ paymentId });
    held.release();
    expect(await second).toEqual(await first);
  });

  it('is refused while the payment is PENDING', async () => {
    fixture.standIn.behave({ on: 'POST /charges', times: 100, then: { status: 500, at: 'after' } });
    const paymentId = await pay();
    expect(await failure(fixture.client.refundPayment({ paymentId }))).toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: { reason: 'NOT_COMPLETED', metadata: { state: 'PENDING' } },
    });
  });

  it('is UNAVAILABLE where no payment gateway is configured any more, and nothing is stored', async () => {
    const paymentId = await pay();
    await using without = await fixture.another(undefined);
    const { details, ...error } = await failure(without.client.refundPayment({ paymentId }));
    expect({ ...error, details }).toMatchObject(unavailable);
    expect(details?.metadata?.['state']).toBeUndefined();
    expect(await fixture.sql('select from payment.refund')).toEqual([]);
  });
});
