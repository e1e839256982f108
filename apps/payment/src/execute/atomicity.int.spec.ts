import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { failure, openFixture, won } from '../payment.fixture.ts';
import type { Fixture } from '../payment.fixture.ts';

let fixture: Fixture;
beforeEach(async () => (fixture = await openFixture({ connections: 2 })));
afterEach(async () => {
  await fixture[Symbol.asyncDispose]();
});

const nothing = { payments: 0, history: 0, messages: 0, requests: 0 };
const requestId = '3f2b8c1e-5d0a-4b6f-9c7e-1a2b3c4d5e6f';
const order = { requestId, userId: 'u-1', reservations: [won('r-1'), won('r-2')] };

/** Somebody else has appended a message of `r-2` and not committed yet: our last statement waits for that. */
const holdKeyOfLastMessage = async () => {
  const other = await fixture.other();
  await other.sql(`select outbox.append('t', 'r-2', 'x', ''::bytea)`);
  return other;
};

const expectNothingThenSuccess = async () => {
  expect(await fixture.counts()).toEqual(nothing);
  expect(fixture.wakes()).toBe(0);
  const { payments } = await fixture.client.executePayments(order);
  expect(payments).toHaveLength(2);
  expect(await fixture.counts()).toMatchObject({ payments: 2, history: 2, requests: 1 });
};

describe('an order that fails leaves neither payment nor history nor message nor request id', () => {
  it('when its last statement, the message, is refused', async () => {
    await fixture.sql(`alter table outbox.message add constraint refused check (key <> 'r-2')`);
    const error = await failure(fixture.client.executePayments(order));
    expect(error).toMatchObject({
      code: status.INTERNAL,
      message: 'internal error',
      details: { reason: 'INTERNAL' },
    });
    expect(fixture.logged).toHaveLength(1);
    await fixture.sql('alter table outbox.message drop constraint refused');
    await expectNothingThenSuccess();
  });

  it('when the commit itself fails', async () => {
    await fixture.sql(`
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$;
      create constraint trigger refused after insert on payment.payment_history
        deferrable initially deferred for each row execute function refuse()`);
    expect(await failure(fixture.client.executePayments(order))).toMatchObject({ code: status.INTERNAL });
    await fixture.sql('drop trigger refused on payment.payment_history');
    await expectNothingThenSuccess();
  });

  it('when its time for locks is over at the last statement', async () => {
    const other = await holdKeyOfLastMessage();
    // A fifth of its time, 5 s, lies between the end of waiting for locks and DEADLINE_EXCEEDED: a slow machine needs less.
    const error = await failure(fixture.client.executePayments(order, { timeoutMs: 25_000 }));
    expect(error).toMatchObject({
      code: status.ABORTED,
      details: { reason: 'CONTENTION', retryDelayMs: 200 },
    });
    await other.rollback();
    await expectNothingThenSuccess();
  });

  it('when its caller goes away while it waits for another payer', async () => {
    const other = await fixture.other();
    await other.sql(`insert into payment.payment
      (payment_id, user_id, reservation_id, amount_minor, currency, state, created_at, updated_at)
      values (gen_random_uuid(), 'other', 'r-1', 1, 'KRW', 'COMPLETED', now(), now())`);
    const caller = new AbortController();
    const call = failure(fixture.client.executePayments(order, { signal: caller.signal }));
    await fixture.waiting(1);
    caller.abort();
    expect(await call).toMatchObject({ code: status.CANCELLED });
    await other.rollback();
    await fixture.idle();
    await expectNothingThenSuccess();
  });

  it('when its connection is lost at the last statement', async () => {
    const other = await holdKeyOfLastMessage();
    const call = failure(fixture.client.executePayments(order));
    await fixture.waiting(1);
    await fixture.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    expect(await call).toMatchObject({
      code: status.UNAVAILABLE,
      details: { reason: 'DATABASE_UNAVAILABLE', retryDelayMs: 1_000 },
    });
    await other.rollback();
    await expectNothingThenSuccess();
  });
});

describe('the pool', () => {
  it('gets its places back however many connections die within transactions', async () => {
    for (let death = 1; death <= 6; death += 1) {
      const other = await holdKeyOfLastMessage();
      const call = failure(fixture.client.executePayments(order));
      await fixture.waiting(1);
      await fixture.sql(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      expect(await call).toMatchObject({ code: status.UNAVAILABLE });
      await other.rollback();
    }
    await expectNothingThenSuccess();
  });
});
