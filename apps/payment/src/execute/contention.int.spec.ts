import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FailureReason, PaymentState } from '@payments/contracts';
import { openFixture, openSessions, won } from '../payment.fixture.ts';
import type { Fixture } from '../payment.fixture.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await openFixture({ connections });
  await openSessions(fixture, connections);
});
afterEach(async () => {
  await fixture[Symbol.asyncDispose]();
});

const connections = 20;
const clients = Array.from({ length: connections }, (_, i) => `u-${i}`);

/** Pays `r-1` in a transaction of its own and does not commit: whoever comes waits at the unique index. */
const holdReservation = async () => {
  const other = await fixture.other();
  await other.sql(`insert into payment.payment (payment_id, user_id, reservation_id, amount_minor, currency, state, created_at, updated_at)
    values (gen_random_uuid(), 'other', 'r-1', 1, 'KRW', 'COMPLETED', now(), now())`);
  return other;
};

const reasons = (replies: readonly { payments: readonly { failureReason: FailureReason }[] }[]) =>
  replies.flatMap(({ payments }) => payments.map(({ failureReason }) => FailureReason[failureReason]));

describe('20 callers that pay one reservation at the same time', () => {
  it('make exactly one payment COMPLETED, and 20 history lines and messages', async () => {
    const other = await holdReservation();
    const calls = clients.map((userId) =>
      fixture.client.executePayments({ userId, reservations: [won('r-1')] }),
    );
    await fixture.waiting(20);
    await other.rollback();
    const found = reasons(await Promise.all(calls)).toSorted();
    expect(found).toEqual([...Array<string>(19).fill('ALREADY_PAID'), 'UNSPECIFIED']);
    expect(await fixture.counts()).toEqual({ payments: 20, history: 20, messages: 20, requests: 0 });
    const { payments } = await fixture.client.listPayments({ state: PaymentState.COMPLETED });
    expect(payments).toHaveLength(1);
  });

  it('are all told ALREADY_PAID when the payer before them commits', async () => {
    const other = await holdReservation();
    const calls = clients.map((userId) =>
      fixture.client.executePayments({ userId, reservations: [won('r-1'), won(`own-${userId}`)] }),
    );
    await fixture.waiting(20);
    await other.commit();
    const replies = await Promise.all(calls);
    expect(new Set(replies.map(({ payments }) => PaymentState[payments[0]?.state ?? 0]))).toEqual(
      new Set(['FAILED']),
    );
    expect(new Set(replies.map(({ payments }) => PaymentState[payments[1]?.state ?? 0]))).toEqual(
      new Set(['COMPLETED']),
    );
    expect(await fixture.counts()).toMatchObject({ payments: 41, history: 40, messages: 40 });
  });

  it('the first message of a reservation is the one of its completed payment', async () => {
    const calls = clients.map((userId) =>
      fixture.client.executePayments({ userId, reservations: [won('r-1')] }),
    );
    await Promise.all(calls);
    const messages = await fixture.sql<{ type: string }>(
      `select type from outbox.message where key = 'r-1' order by seq`,
    );
    expect(messages.map(({ type }) => type)).toEqual([
      'payment.v1.PaymentCompleted',
      ...Array<string>(19).fill('payment.v1.PaymentFailed'),
    ]);
  });
});

describe('orders of the same reservations in opposite orders', () => {
  it('wait for each other and do not deadlock', async () => {
    const other = await holdReservation();
    const ids = ['r-0', 'r-1', 'r-2'];
    const orders = [ids, ids.toReversed()].map((asked) => asked.map((id) => won(id)));
    const calls = orders.map((reservations, i) =>
      fixture.client.executePayments({ userId: `u-${i}`, reservations }),
    );
    await fixture.waiting(2);
    await other.rollback();
    expect(reasons(await Promise.all(calls)).filter((reason) => reason === 'UNSPECIFIED')).toHaveLength(3);
    // A session hands its statistics in at its end, at the latest.
    await fixture.database.close();
    await fixture.gone();
    const [row] = await fixture.sql(
      'select deadlocks::int from pg_stat_database where datname = current_database()',
    );
    expect(row).toEqual({ deadlocks: 0 });
  });

  it('all come through, and each reservation is completed once', async () => {
    const ids = Array.from({ length: 10 }, (_, i) => `cross-${i}`);
    const calls = clients.map((userId, i) =>
      fixture.client.executePayments({
        userId,
        reservations: (i % 2 === 0 ? ids : ids.toReversed()).map((id) => won(id)),
      }),
    );
    const completed = reasons(await Promise.all(calls)).filter((reason) => reason === 'UNSPECIFIED');
    expect(completed).toHaveLength(10);
    expect(await fixture.counts()).toEqual({ payments: 200, history: 200, messages: 200, requests: 0 });
  });
});
