import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ExecutePaymentsResponse } from '@payments/contracts';
import { eventually } from '@payments/testing';
import { openDatabase } from '../database/open-database.ts';
import { openFixture, won } from '../payment.fixture.ts';
import type { Fixture } from '../payment.fixture.ts';
import { cleanRequests, cleanRequestsOnce } from './clean-requests.ts';
import { deleteOldRequests } from './delete-old-requests.ts';

const hour = 3_600_000;

let fixture: Fixture;
let stopping: AbortController;
let logged: string[];
let begun: Fixture['database']['em'] | undefined;
beforeEach(async () => {
  fixture = await openFixture();
  stopping = new AbortController();
  logged = [];
});
afterEach(async () => {
  stopping.abort();
  if (begun?.isInTransaction()) await begun.rollback();
  await fixture[Symbol.asyncDispose]();
});

/** The unit of work of a transaction, ended after the spec at the latest. */
const begin = async () => {
  begun = fixture.database.em.fork();
  await begun.begin();
  return begun;
};

const order = (reservationId: string, requestId: string = randomUUID()) => ({
  requestId,
  userId: 'u-1',
  reservations: [won(reservationId)],
});
type Order = ReturnType<typeof order>;

const options = (change: { database?: Fixture['database']; batchSize?: number } = {}) => ({
  database: fixture.database,
  retentionMs: 24 * hour,
  stop: stopping.signal,
  log: {
    info: (_: object, line: string) => logged.push(line),
    warn: (_: object, line: string) => logged.push(line),
  } as never,
  ...change,
});

const age = (request: Order, hours: number) =>
  fixture.sql(`update payment.request set stored_at = now() - ? * interval '1 hour' where request_id = ?`, [
    hours,
    request.requestId,
  ]);

const storedIds = async () =>
  (await fixture.sql<{ id: string }>('select request_id as id from payment.request')).map(({ id }) => id);

/** Requests that were answered, as old as said. */
const answered = async (hours: readonly number[]) => {
  const orders = hours.map((_, index) => order(`r-${index}`));
  for (const request of orders) await fixture.client.executePayments(request);
  // In the end, so that ages are right whatever paying took.
  for (const [index, request] of orders.entries()) await age(request, hours[index] ?? 0);
  return orders;
};

/** A request as refunds and payments by the gateway store them, with the task of what it made. */
const storedWithTask = async (method: string, kind: string) => {
  const { payments } = await fixture.client.executePayments({ userId: 'u', reservations: [won(method)] });
  const made = kind === 'CHARGE' ? payments[0]?.paymentId : randomUUID();
  const requestId = randomUUID();
  await fixture.sql(
    `insert into payment.request (caller, method, request_id, request_hash, made, created_at, stored_at)
     values ('u', ?, ?, sha256(''), array[?::uuid], now(), now() - interval '9 days')`,
    [method, requestId, made],
  );
  await fixture.sql(
    `insert into payment.gateway_task (task_id, kind, payment_id, asked_of, claimed_until, due_at)
     values (?, ?, ?, 'gateway.example', now(), now())`,
    [made, kind, payments[0]?.paymentId],
  );
  return requestId;
};

describe('a round of cleaning', () => {
  it('deletes the requests whose retention is over, by the minute, and no other', async () => {
    // The longest call, of 30 s, is added to the 24 hours: an answer may be that much younger than its request.
    const orders = await answered([48, 24 + 31 / 3_600, 24 + 1 / 3_600, 23.9, 0]);
    expect(await cleanRequestsOnce(options())).toBe(2);
    expect((await storedIds()).toSorted()).toEqual(
      orders
        .slice(2)
        .map(({ requestId }) => requestId)
        .toSorted(),
    );
  });

  it('goes by the clock of the database, whatever that of the instance says', async () => {
    const [request] = await answered([0]);
    await fixture.sql(`update payment.request set created_at = now() - interval '1 year'`);
    expect(await cleanRequestsOnce(options())).toBe(0);
    expect(await storedIds()).toEqual([request?.requestId]);
  });

  it.each([
    ['ExecutePayments', 'CHARGE'],
    ['RefundPayment', 'REFUND'],
  ])('keeps a request of %s for as long as the payment gateway is still asked', async (method, kind) => {
    const requestId = await storedWithTask(method, kind);
    expect(await cleanRequestsOnce(options())).toBe(0);
    expect(await storedIds()).toEqual([requestId]);
    await fixture.sql('delete from payment.gateway_task');
    expect(await cleanRequestsOnce(options())).toBe(1);
  });

  it('deletes batch by batch, the oldest first', async () => {
    const orders = await answered([30, 50, 40, 60, 70]);
    const em = fixture.database.em.fork();
    const batch = await em.transactional((unit) =>
      deleteOldRequests(unit, { retentionMs: 24 * hour, limit: 2 }),
    );
    expect(batch).toEqual({ deleted: 2 });
    const left = await storedIds();
    expect([3, 4].filter((index) => left.includes(orders[index]?.requestId ?? ''))).toEqual([]);
    expect(await cleanRequestsOnce(options({ batchSize: 1 }))).toBe(3);
  });

  it('is left to the instance that is at it', async () => {
    await answered([48]);
    const em = await begin();
    await deleteOldRequests(em, { retentionMs: 48 * hour, limit: 1 });
    expect(await cleanRequestsOnce(options())).toBe(0);
    await em.rollback();
    expect(await cleanRequestsOnce(options())).toBe(1);
  });

  it('leaves a row that somebody holds, and does not wait', async () => {
    const [held] = await answered([48, 48]);
    const other = await fixture.other();
    await other.sql('select from payment.request where request_id = ? for update', [held?.requestId]);
    expect(await cleanRequestsOnce(options())).toBe(1);
    await other.rollback();
    expect(await storedIds()).toEqual([held?.requestId]);
  });
});

describe('a retry', () => {
  it('that comes while its row is being deleted gets the first answer, without waiting', async () => {
    const request = order('r-1');
    const first = await fixture.client.executePayments(request);
    await age(request, 48);
    const em = await begin();
    expect(await deleteOldRequests(em, { retentionMs: 24 * hour, limit: 10 })).toEqual({ deleted: 1 });
    expect(await fixture.client.executePayments(request, { timeoutMs: 10_000 })).toEqual(first);
    await em.commit();
    expect(await fixture.client.executePayments(request)).not.toEqual(first);
  });

  it('gets the first answer until its retention is over, however often the cleaner passes', async () => {
    const rounds = 12;
    const orders = Array.from({ length: rounds }, (_, index) => order(`r-${index}`));
    const firsts = new Map<Order, ExecutePaymentsResponse>();
    for (const request of orders) firsts.set(request, await fixture.client.executePayments(request));
    const over = new Set<Order>();
    const repeats = new Map<Order, number>();
    const spoilt: string[] = [];
    let cleaned = 0;
    let done = false;

    const cleaner = (async () => {
      while (!done) {
        cleaned += await cleanRequestsOnce(options({ batchSize: 2 }));
        await setImmediate();
      }
    })();
    // An answer that is another is only right if the retention was over before it was given.
    const retry = async (request: Order) => {
      while (!done) {
        const answer = await fixture.client.executePayments(request);
        const isFirst = isDeepStrictEqual(answer, firsts.get(request));
        if (!isFirst) {
          if (!over.has(request)) spoilt.push(request.reservations[0]?.reservationId ?? '');
          return;
        }
        repeats.set(request, (repeats.get(request) ?? 0) + 1);
      }
    };
    const retries = orders.map(retry);
    try {
      for (const [index, request] of orders.entries()) {
        await eventually(() => expect(spoilt.length > 0 || (repeats.get(request) ?? 0) > index).toBe(true));
        if (index % 2) continue;
        over.add(request);
        await age(request, 24 + 1 / 100);
      }
      await eventually(() => expect(cleaned).toBeGreaterThanOrEqual(rounds / 2));
    } finally {
      done = true;
      await Promise.all([cleaner, ...retries]);
    }
    expect(spoilt).toEqual([]);
    expect(cleaned).toBe(rounds / 2);
    // Whatever came after the retention found its reservation paid: once each.
    const paid = await fixture.sql(`select from payment.payment where state = 'COMPLETED'`);
    expect(paid).toHaveLength(rounds);
  });
});

describe('the cleaning', () => {
  it('says that a round failed, tries again, and ends when it is told to', async () => {
    const request = order('r-1');
    await fixture.client.executePayments(request);
    await age(request, 48);
    await using unreachable = openDatabase({ databaseUrl: 'postgres://postgres@127.0.0.1:1/none' });
    let rounds = 0;
    // Away for the first two rounds, then there.
    const database = {
      get em() {
        rounds += 1;
        return rounds < 3 ? unreachable.em : fixture.database.em;
      },
    };
    const cleaning = cleanRequests({ ...options(), database, everyMs: 1 });
    await eventually(async () => expect(await storedIds()).toEqual([]));
    stopping.abort();
    await cleaning;
    const failed = 'old requests were not deleted; the next round tries again';
    expect(logged).toEqual([failed, failed, 'deleted requests whose retention is over']);
  });

  it('ends at once in the pause between two rounds', async () => {
    await answered([48]);
    const cleaning = cleanRequests({ ...options(), everyMs: hour });
    await eventually(() => expect(logged).toHaveLength(1));
    stopping.abort();
    await cleaning;
  });
});
