import { randomUUID } from 'node:crypto';
import { fromBinary } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FailureReason, PaymentEventSchema, PaymentState } from '@payments/contracts';
import { failure, openFixture, won } from '../payment.fixture.ts';
import type { Fixture } from '../payment.fixture.ts';

let fixture: Fixture;
beforeAll(async () => (fixture = await openFixture()));
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

type Message = {
  id: string;
  topic: string;
  key: string;
  type: string;
  payload: Buffer;
  headers: Record<string, string>;
};

const messagesOf = (reservationId: string) =>
  fixture.sql<Message>('select * from outbox.message where key = ? order by seq', [reservationId]);

const outcomes = (payments: readonly { state: PaymentState; failureReason: FailureReason }[]) =>
  payments.map(({ state, failureReason }) => [PaymentState[state], FailureReason[failureReason]].join(' '));

describe('ExecutePayments', () => {
  it('completes each reservation and answers in the order asked', async () => {
    const reservations = [
      won('order-b', 15_000n),
      { reservationId: 'order-a', amount: { currencyCode: 'USD', units: 12n, nanos: 500_000_000 } },
    ];
    const { payments } = await fixture.client.executePayments({ userId: 'u-1', reservations });
    expect(payments).toMatchObject([
      {
        userId: 'u-1',
        reservationId: 'order-b',
        amount: { currencyCode: 'KRW', units: 15_000n },
        state: PaymentState.COMPLETED,
      },
      {
        userId: 'u-1',
        reservationId: 'order-a',
        amount: { currencyCode: 'USD', units: 12n, nanos: 500_000_000 },
        state: PaymentState.COMPLETED,
      },
    ]);
    expect(payments[0]?.createTime).toEqual(payments[0]?.updateTime);
  });

  it('writes payment, history and message of an order in one transaction', async () => {
    await fixture.client.executePayments({ userId: 'u-1', reservations: [won('one-1'), won('one-2')] });
    const [row] = await fixture.sql(`
      select count(distinct xid)::int as transactions, count(*)::int as rows from (
        select xmin::text as xid from payment.payment where reservation_id like 'one-%'
        union all select xmin::text from payment.payment_history where reservation_id like 'one-%'
        union all select (xid::text::bigint % 4294967296)::text from outbox.message where key like 'one-%'
      ) as written`);
    expect(row).toEqual({ transactions: 1, rows: 6 });
  });

  it('tells every outcome in a message that a reader can check against the reply', async () => {
    const { payments } = await fixture.client.executePayments({
      userId: 'u-1',
      reservations: [won('told-1')],
    });
    const [message, ...more] = await messagesOf('told-1');
    expect(more).toEqual([]);
    expect(message).toMatchObject({
      topic: 'payment-event',
      type: 'payment.v1.PaymentCompleted',
      headers: {
        ce_source: '/payments/payment',
        ce_subject: payments[0]?.paymentId,
        'content-type': 'application/protobuf',
      },
    });
    const event = fromBinary(PaymentEventSchema, message?.payload ?? Buffer.alloc(0));
    expect(event).toMatchObject({ eventId: message?.id, payment: payments[0] });
  });

  it('lets each reservation of an order succeed or fail on its own, and tells the failures, too', async () => {
    await fixture.client.executePayments({ userId: 'u-1', reservations: [won('own-1')] });
    const { payments } = await fixture.client.executePayments({
      userId: 'u-2',
      reservations: [won('own-1'), won('own-2', 1_000_001n), won('own-3')],
    });
    expect(outcomes(payments)).toEqual([
      'FAILED ALREADY_PAID',
      'FAILED LIMIT_EXCEEDED',
      'COMPLETED UNSPECIFIED',
    ]);
    const types = async (id: string) => (await messagesOf(id)).map(({ type }) => type);
    expect(await types('own-1')).toEqual(['payment.v1.PaymentCompleted', 'payment.v1.PaymentFailed']);
    expect(await types('own-2')).toEqual(['payment.v1.PaymentFailed']);
    const { entries } = await fixture.client.listPaymentHistory({ reservationId: 'own-1' });
    expect(outcomes(entries)).toEqual(['FAILED ALREADY_PAID', 'COMPLETED UNSPECIFIED']);
  });

  it('tells of a reservation that is paid before it tells of its amount', async () => {
    await fixture.client.executePayments({ userId: 'u-1', reservations: [won('first-1')] });
    const { payments } = await fixture.client.executePayments({
      userId: 'u-2',
      reservations: [won('first-1', 1_000_001n)],
    });
    expect(outcomes(payments)).toEqual(['FAILED ALREADY_PAID']);
  });

  it('lets a reservation that failed be paid later', async () => {
    await fixture.client.executePayments({ userId: 'u-1', reservations: [won('later', 1_000_001n)] });
    const { payments } = await fixture.client.executePayments({
      userId: 'u-1',
      reservations: [won('later', 1_000_000n)],
    });
    expect(outcomes(payments)).toEqual(['COMPLETED UNSPECIFIED']);
  });

  it.each([
    '예약-1',
    "it's",
    String.raw`back\slash \' ''`,
    '? $1 %s :a',
    '😀'.repeat(200),
    '=',
    '--',
    'a;b',
    'null',
  ])('keeps the ids %p as they are, up to the message', async (id) => {
    const { payments } = await fixture.client.executePayments({ userId: id, reservations: [won(id)] });
    expect(payments).toMatchObject([{ userId: id, reservationId: id, state: PaymentState.COMPLETED }]);
    const { payment } = await fixture.client.getPayment({ paymentId: payments[0]?.paymentId ?? '' });
    expect(payment).toEqual(payments[0]);
    const [message] = await messagesOf(id);
    const event = fromBinary(PaymentEventSchema, message?.payload ?? Buffer.alloc(0));
    expect(event.payment).toEqual(payment);
  });

  it('keeps the largest amount exactly', async () => {
    const amount = { currencyCode: 'USD', units: 92_233_720_368_547_758n, nanos: 70_000_000 };
    const { payments } = await fixture.client.executePayments({
      userId: 'u',
      reservations: [{ reservationId: 'large', amount }],
    });
    const { payment } = await fixture.client.getPayment({ paymentId: payments[0]?.paymentId ?? '' });
    expect(payment).toMatchObject({ amount });
  });

  it('pays a hundred reservations with the longest ids in one call', async () => {
    const reservations = Array.from({ length: 100 }, (_, i) => won(`${'가'.repeat(195)}${i}`));
    const { payments } = await fixture.client.executePayments({ userId: 'u', reservations });
    expect(payments.map(({ reservationId }) => reservationId)).toEqual(
      reservations.map((r) => r.reservationId),
    );
  });

  it('hints at the relay after each order', async () => {
    const before = fixture.wakes();
    await fixture.client.executePayments({ userId: 'u-1', reservations: [won('wake')] });
    expect(fixture.wakes()).toBe(before + 1);
  });

  it.each([
    ['no reservation', { userId: 'u-1' }, ['reservations']],
    [
      'the same reservation twice',
      { userId: 'u-1', reservations: [won('bad-1'), won('bad-1', 2n)] },
      ['reservations[0].reservation_id', 'reservations[1].reservation_id'],
    ],
    [
      'one bad among good ones',
      { requestId: randomUUID(), userId: 'u-1', reservations: [won('bad-2'), won('bad-3', 0n)] },
      ['reservations[1].amount'],
    ],
    ['nothing at all', {}, ['user_id', 'reservations']],
  ])('refuses %s with every field named, and stores nothing', async (_, request, fields) => {
    const before = await fixture.counts();
    const error = await failure(fixture.client.executePayments(request));
    expect(error).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: { reason: 'INVALID_REQUEST', domain: 'payment.v1' },
    });
    expect(error.details?.violations?.map(({ field }) => field)).toEqual(fields);
    expect(await fixture.counts()).toEqual(before);
  });

  it('names a hundred bad fields in trailers that a client takes', async () => {
    const reservations = Array.from({ length: 100 }, () => won('same'));
    const error = await failure(fixture.client.executePayments({ userId: 'u', reservations }));
    expect(error.details?.violations).toHaveLength(100);
  });
});

describe('GetPayment', () => {
  it('knows no other payment', async () => {
    const paymentId = randomUUID();
    expect(await failure(fixture.client.getPayment({ paymentId }))).toMatchObject({
      code: status.NOT_FOUND,
      details: { reason: 'PAYMENT_NOT_FOUND', metadata: { payment_id: paymentId } },
    });
  });

  it('refuses what is no id', async () => {
    const error = await failure(fixture.client.getPayment({ paymentId: `' or true --` }));
    expect(error).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: { violations: [{ field: 'payment_id' }] },
    });
  });
});
