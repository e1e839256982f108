import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ExecutePaymentsRequestSchema, FailureReason, PaymentState } from '@payments/contracts';
import { changesMade, loseFirstChange, openGatewayFixture, tookNothing, told } from '../gateway.fixture.ts';
import type { GatewayFixture } from '../gateway.fixture.ts';
import { won } from '../payment.fixture.ts';
import { anonymous } from '../call/caller.ts';
import { chargePending } from './charge-pending.ts';
import { executePayments } from './execute-payments.ts';
import { placeOrder } from './place-order.ts';

let fixture: GatewayFixture;
beforeEach(async () => (fixture = await openGatewayFixture()));
afterEach(async () => {
  await fixture[Symbol.asyncDispose]();
});

const pay = async (...ids: string[]) => {
  const reservations = ids.map((id) => won(id));
  const { payments } = await fixture.client.executePayments({ userId: 'u-1', reservations });
  return payments;
};

const outcomes = (payments: readonly { state: PaymentState; failureReason: FailureReason }[]) =>
  payments.map(({ state, failureReason }) => [PaymentState[state], FailureReason[failureReason]].join(' '));

const stored = async (paymentId = '') => {
  const { payment } = await fixture.client.getPayment({ paymentId });
  return payment;
};

/** The gateway charges, and says that it failed, however often it is asked. */
const chargeAndFail = () =>
  fixture.standIn.behave({ on: 'POST /charges', times: 100, then: { status: 500, at: 'after' } });

describe('a payment by the payment gateway', () => {
  it('is charged once, by its id, and told in history and message', async () => {
    const [payment] = await pay('r-1');
    expect(payment).toMatchObject({ state: PaymentState.COMPLETED });
    expect(await stored(payment?.paymentId)).toEqual(payment);
    expect(fixture.standIn.ledger()).toMatchObject([
      { key: payment?.paymentId, kind: 'charge', reservationId: 'r-1', amountMinor: '1000', currency: 'KRW' },
    ]);
    expect(await told(fixture, payment?.paymentId)).toEqual(['COMPLETED']);
    expect(await fixture.tasks()).toEqual([]);
  });

  it('that it declines fails with its code, and the others of the order are charged', async () => {
    fixture.standIn.behave({ on: 'POST /charges', reservationId: 'r-2', then: { decline: 'lost_card' } });
    const payments = await pay('r-1', 'r-2', 'r-3');
    expect(outcomes(payments)).toEqual(['COMPLETED UNSPECIFIED', 'FAILED DECLINED', 'COMPLETED UNSPECIFIED']);
    expect(payments.map(({ declineCode }) => declineCode)).toEqual(['', 'lost_card', '']);
    expect(await stored(payments[1]?.paymentId)).toEqual(payments[1]);
    expect(await told(fixture, payments[1]?.paymentId)).toEqual(['FAILED']);
    expect(fixture.standIn.ledger()).toHaveLength(2);
  });

  it('is not bound by the limits of the built-in authorizer', async () => {
    const reservations = [won('r-1', 1_000_001n)];
    const { payments } = await fixture.client.executePayments({ userId: 'u-1', reservations });
    expect(outcomes(payments)).toEqual(['COMPLETED UNSPECIFIED']);
  });

  it('is never charged for a reservation that is paid', async () => {
    await pay('r-1');
    expect(outcomes(await pay('r-1'))).toEqual(['FAILED ALREADY_PAID']);
    expect(fixture.standIn.requests()).toHaveLength(1);
  });

  it('fails with AUTHORIZER_UNAVAILABLE where the gateway took nothing, and can be tried again', async () => {
    fixture.standIn.behave({ on: 'POST /charges', times: 100, then: tookNothing });
    const [payment] = await pay('r-1');
    expect(outcomes(payment ? [payment] : [])).toEqual(['FAILED AUTHORIZER_UNAVAILABLE']);
    expect(await told(fixture, payment?.paymentId)).toEqual(['FAILED']);
    expect(await fixture.tasks()).toEqual([]);
    expect(fixture.standIn.ledger()).toEqual([]);
    fixture.standIn.recover();
    expect(outcomes(await pay('r-1'))).toEqual(['COMPLETED UNSPECIFIED']);
  });

  it('stays PENDING where it may have been charged, tells nobody, and is found out by recovery', async () => {
    chargeAndFail();
    const [payment] = await pay('r-1');
    expect(payment).toMatchObject({ state: PaymentState.PENDING });
    expect(await told(fixture, payment?.paymentId)).toEqual([]);
    expect(fixture.recoveryWakes()).toBe(1);
    expect(outcomes(await pay('r-1'))).toEqual(['FAILED ALREADY_PAID']);
    fixture.standIn.recover();
    expect(await fixture.recover()).toBe(1);
    expect(await stored(payment?.paymentId)).toMatchObject({ state: PaymentState.COMPLETED });
    expect(await told(fixture, payment?.paymentId)).toEqual(['COMPLETED']);
    expect(fixture.charged('r-1')).toEqual([`charge ${payment?.paymentId}`]);
    expect(await fixture.tasks()).toEqual([]);
  });
});

const hints = { wake: () => undefined, wakeRecovery: () => undefined };

describe('a call with a payment gateway', () => {
  it('answers within its deadline, with PENDING for what is not known and for what was not asked yet', async () => {
    const held = Array.from({ length: 8 }, () => fixture.standIn.hold({ on: 'POST /charges', at: 'before' }));
    const reservations = Array.from({ length: 12 }, (_, i) => won(`r-${i}`));
    const { payments } = await fixture.client.executePayments(
      { userId: 'u-1', reservations },
      { timeoutMs: 10_000 },
    );
    expect(new Set(outcomes(payments))).toEqual(new Set(['PENDING UNSPECIFIED']));
    expect(new Set(fixture.standIn.requests().map(({ key }) => key)).size).toBe(8);
    expect(await fixture.tasks()).toEqual(Array(12).fill({ kind: 'CHARGE', claim: 1, claimed: false }));
    for (const { release } of held) release();
    while ((await fixture.recover()) > 0);
    expect(await fixture.counts()).toMatchObject({ payments: 12, history: 12, messages: 12 });
    expect(fixture.standIn.ledger()).toHaveLength(12);
  });

  it('that its caller leaves at the gateway decides its payment all the same', async () => {
    const { database, gateway, tell } = fixture;
    const held = fixture.standIn.hold({ on: 'POST /charges', at: 'before' });
    const caller = new AbortController();
    const request = create(ExecutePaymentsRequestSchema, { userId: 'u-1', reservations: [won('r-1')] });
    const context = { caller: anonymous, signal: caller.signal, deadline: Date.now() + 30_000 };
    const call = executePayments({ database, gateway, tell, limits: new Map(), ...hints }, request, context);
    const { key } = await held.reached;
    caller.abort();
    held.release();
    expect((await call).payments).toMatchObject([{ state: PaymentState.COMPLETED }]);
    expect(await told(fixture, key)).toEqual(['COMPLETED']);
  });

  it('stores its outcome also where that loses against another transaction at first', async () => {
    await loseFirstChange(fixture);
    const [payment] = await pay('r-1');
    expect(payment).toMatchObject({ state: PaymentState.COMPLETED });
    expect(await changesMade(fixture)).toBe(2);
    expect(await told(fixture, payment?.paymentId)).toEqual(['COMPLETED']);
  });

  it('that ends after its intent was stored and before the gateway was asked charges nothing', async () => {
    const { database, gateway, tell } = fixture;
    const order = {
      userId: 'u-1',
      reservations: [{ reservationId: 'r-1', amount: { minor: 5n, currency: 'KRW' } }],
    };
    const context = {
      caller: anonymous,
      signal: new AbortController().signal,
      deadline: Date.now() + 30_000,
    };
    const placed = await placeOrder({ database, gateway, limits: new Map() }, order, context);
    if (placed.kind !== 'FIRST') throw new Error(placed.kind);
    const gone = { ...context, signal: AbortSignal.abort() };
    const [payment] = await chargePending({ database, gateway, tell, ...hints }, placed.work, gone);
    expect(payment).toMatchObject({ state: 'FAILED', failureReason: 'AUTHORIZER_UNAVAILABLE' });
    expect(fixture.standIn.requests()).toEqual([]);
    expect(await told(fixture, payment?.paymentId)).toEqual(['FAILED']);
  });

  it('holds no connection while it is at the gateway', async () => {
    const held = fixture.standIn.hold({ on: 'POST /charges', at: 'before' });
    const call = pay('r-1');
    await held.reached;
    await fixture.idle();
    held.release();
    expect(outcomes(await call)).toEqual(['COMPLETED UNSPECIFIED']);
  });
});
