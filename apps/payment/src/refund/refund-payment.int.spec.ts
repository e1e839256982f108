import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PaymentState, RefundPaymentRequestSchema } from '@payments/contracts';
import { told } from '../gateway.fixture.ts';
import { failure, openFixture, openSessions, won } from '../payment.fixture.ts';
import type { Fixture } from '../payment.fixture.ts';
import { refundPayment } from './refund-payment.ts';

let fixture: Fixture;
beforeEach(async () => (fixture = await openFixture()));
afterEach(async () => {
  await fixture[Symbol.asyncDispose]();
});

const pay = async (units = 1_000n) => {
  const reservations = [won('r-1', units)];
  const { payments } = await fixture.client.executePayments({ userId: 'u-1', reservations });
  return payments[0]?.paymentId ?? '';
};

describe('RefundPayment, with the built-in authorizer', () => {
  it('pays a payment back, tells it, and frees the reservation', async () => {
    const paymentId = await pay();
    const before = fixture.wakes();
    const { payment } = await fixture.client.refundPayment({ paymentId: paymentId.toUpperCase() });
    expect(payment).toMatchObject({ paymentId, state: PaymentState.REFUNDED });
    expect((await fixture.client.getPayment({ paymentId })).payment).toEqual(payment);
    expect(await told(fixture, paymentId)).toEqual(['COMPLETED', 'REFUNDED']);
    expect(fixture.wakes()).toBe(before + 1);
    const again = await pay();
    expect(await told(fixture, again)).toEqual(['COMPLETED']);
  });

  it('answers a payment that is REFUNDED as it stands, whoever asks', async () => {
    const paymentId = await pay();
    const first = await fixture.client.refundPayment({ paymentId });
    expect(await fixture.client.refundPayment({ paymentId })).toEqual(first);
    expect(await fixture.client.refundPayment({ paymentId, requestId: randomUUID() })).toEqual(first);
    expect(await told(fixture, paymentId)).toEqual(['COMPLETED', 'REFUNDED']);
  });

  it('answers 50 clients at the same time alike, and pays back once', async () => {
    const paymentId = await pay();
    await openSessions(fixture, 25);
    const [first, ...others] = await Promise.all(
      Array.from({ length: 50 }, () => fixture.client.refundPayment({ paymentId })),
    );
    expect(first?.payment).toMatchObject({ state: PaymentState.REFUNDED });
    expect(others).toEqual(Array(49).fill(first));
    expect(await told(fixture, paymentId)).toEqual(['COMPLETED', 'REFUNDED']);
  });

  it('answers a request id with the first answer, and refuses it for another payment', async () => {
    const requestId = randomUUID();
    const paymentId = await pay();
    const first = await fixture.client.refundPayment({ requestId, paymentId });
    const other = await pay();
    expect(await fixture.client.refundPayment({ requestId, paymentId })).toEqual(first);
    expect(await failure(fixture.client.refundPayment({ requestId, paymentId: other }))).toMatchObject({
      code: status.ALREADY_EXISTS,
      details: { reason: 'REQUEST_ID_REUSED' },
    });
    expect(await told(fixture, other)).toEqual(['COMPLETED']);
  });

  it('does not take the request id of an order for its own', async () => {
    const requestId = randomUUID();
    const order = { requestId, userId: 'u-1', reservations: [won('r-1')] };
    const { payments } = await fixture.client.executePayments(order);
    const paymentId = payments[0]?.paymentId ?? '';
    expect((await fixture.client.refundPayment({ requestId, paymentId })).payment).toMatchObject({
      state: PaymentState.REFUNDED,
    });
  });

  it('refuses a payment that FAILED, and stores nothing', async () => {
    const paymentId = await pay(1_000_001n);
    expect(await failure(fixture.client.refundPayment({ paymentId, requestId: randomUUID() }))).toMatchObject(
      {
        code: status.FAILED_PRECONDITION,
        details: { reason: 'NOT_COMPLETED', metadata: { payment_id: paymentId, state: 'FAILED' } },
      },
    );
    expect(await fixture.counts()).toEqual({ payments: 1, history: 1, messages: 1, requests: 0 });
  });

  it('knows no other payment', async () => {
    const paymentId = randomUUID();
    expect(await failure(fixture.client.refundPayment({ paymentId }))).toMatchObject({
      code: status.NOT_FOUND,
      details: { reason: 'PAYMENT_NOT_FOUND', metadata: { payment_id: paymentId } },
    });
  });

  it("does not tell another user's payment from none", async () => {
    const paymentId = await pay();
    const { database, tell } = fixture;
    const hints = { wake: () => undefined, wakeRecovery: () => undefined };
    const bound = { signal: new AbortController().signal, deadline: Date.now() + 30_000 };
    const refundAs = (subject: string) =>
      refundPayment({ database, tell, ...hints }, create(RefundPaymentRequestSchema, { paymentId }), {
        caller: { subject, admin: false },
        ...bound,
      });
    await expect(refundAs('u-2')).rejects.toMatchObject({ code: status.NOT_FOUND });
    expect(await told(fixture, paymentId)).toEqual(['COMPLETED']);
    expect((await refundAs('u-1')).payment).toMatchObject({ state: PaymentState.REFUNDED });
  });

  it.each([
    ['no id', { paymentId: '' }, ['payment_id']],
    ['ids that are none', { paymentId: 'x', requestId: 'y' }, ['request_id', 'payment_id']],
  ])('refuses %s', async (_, request, fields) => {
    const error = await failure(fixture.client.refundPayment(request));
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(error.details?.violations?.map(({ field }) => field)).toEqual(fields);
  });
});
