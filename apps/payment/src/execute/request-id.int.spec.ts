import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PaymentState } from '@payments/contracts';
import { failure, openFixture, won } from '../payment.fixture.ts';
import type { Fixture } from '../payment.fixture.ts';

let fixture: Fixture;
beforeEach(async () => (fixture = await openFixture()));
afterEach(async () => {
  await fixture[Symbol.asyncDispose]();
});

const order = () => ({
  requestId: randomUUID(),
  userId: 'u-1',
  reservations: [won('r-1'), won('r-2', 2_000_000n)],
});
const onePaidOrder = { payments: 2, history: 2, messages: 2, requests: 1 };

/** The first call waits in the middle of its transaction until this is rolled back. */
const holdMessages = async () => {
  const other = await fixture.other();
  await other.sql(`select outbox.append('t', 'r-1', 'x', ''::bytea)`);
  return other;
};

describe('a request id', () => {
  it('sent twice gives the first answer and pays nothing again', async () => {
    const request = order();
    const first = await fixture.client.executePayments(request);
    const second = await fixture.client.executePayments(request);
    expect(second).toEqual(first);
    expect(first.payments.map(({ state }) => state)).toEqual([PaymentState.COMPLETED, PaymentState.FAILED]);
    expect(await fixture.counts()).toEqual(onePaidOrder);
  });

  it('is the same in capitals', async () => {
    const request = order();
    const first = await fixture.client.executePayments(request);
    const again = { ...request, requestId: request.requestId.toUpperCase() };
    expect(await fixture.client.executePayments(again)).toEqual(first);
  });

  it('does not hold between two orders: without one, the same order is paid again, and refused', async () => {
    const { userId, reservations } = order();
    await fixture.client.executePayments({ userId, reservations });
    const { payments } = await fixture.client.executePayments({ userId, reservations });
    expect(payments[0]?.state).toBe(PaymentState.FAILED);
    expect(await fixture.counts()).toMatchObject({ payments: 4, requests: 0 });
  });

  it.each([
    ['another user', { userId: 'u-2' }],
    ['another amount', { reservations: [won('r-1', 2n), won('r-2', 2_000_000n)] }],
    ['another order of reservations', { reservations: [won('r-2', 2_000_000n), won('r-1')] }],
    ['fewer reservations', { reservations: [won('r-1')] }],
  ])('is refused with %s', async (_, change) => {
    const request = order();
    await fixture.client.executePayments(request);
    expect(await failure(fixture.client.executePayments({ ...request, ...change }))).toMatchObject({
      code: status.ALREADY_EXISTS,
      details: { reason: 'REQUEST_ID_REUSED', metadata: { request_id: request.requestId } },
    });
    expect(await fixture.counts()).toEqual(onePaidOrder);
  });

  it('of a refused request can be used for a good one', async () => {
    const request = order();
    await failure(fixture.client.executePayments({ ...request, userId: '' }));
    expect((await fixture.client.executePayments(request)).payments).toHaveLength(2);
  });
});

describe('two calls with one request id at the same time', () => {
  it('get one answer: the second waits for the first', async () => {
    const other = await holdMessages();
    const request = order();
    const first = fixture.client.executePayments(request);
    await fixture.waiting(1);
    const others = Array.from({ length: 5 }, () => fixture.client.executePayments(request));
    await fixture.waiting(6);
    await other.rollback();
    const answers = await Promise.all([first, ...others]);
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await fixture.counts()).toEqual(onePaidOrder);
  });

  it('end with ABORTED and RetryInfo for the second when the first takes longer than its time', async () => {
    const other = await holdMessages();
    const request = order();
    const first = fixture.client.executePayments(request);
    await fixture.waiting(1);
    // The second waits for 17.6 s: 4.4 s before its own DEADLINE_EXCEEDED, and 6.4 s before the first has no time left for locks.
    expect(await failure(fixture.client.executePayments(request, { timeoutMs: 22_000 }))).toMatchObject({
      code: status.ABORTED,
      details: { reason: 'REQUEST_IN_PROGRESS', retryDelayMs: 500 },
    });
    await other.rollback();
    const answer = await first;
    expect(await fixture.client.executePayments(request)).toEqual(answer);
    expect(await fixture.counts()).toEqual(onePaidOrder);
  });

  it('let the second do the work when the first fails', async () => {
    const other = await holdMessages();
    const request = order();
    const first = failure(fixture.client.executePayments(request));
    await fixture.waiting(1);
    const [session] = await fixture.sql<{ pid: number }>(
      `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    const second = fixture.client.executePayments(request);
    await fixture.waiting(2);
    await fixture.sql('select pg_terminate_backend(?)', [session?.pid]);
    expect(await first).toMatchObject({ code: status.UNAVAILABLE });
    await other.rollback();
    expect((await second).payments).toHaveLength(2);
    expect(await fixture.counts()).toEqual(onePaidOrder);
  });
});
