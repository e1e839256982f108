import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ListPaymentHistoryRequestSchema,
  ListPaymentsRequestSchema,
  PaymentState,
} from '@payments/contracts';
import { migrateOutbox } from '@payments/outbox';
import { eventually, throwAwayDatabase } from '@payments/testing';
import { migratePayment } from '../database/migrate-payment.ts';
import { openDatabase } from '../database/open-database.ts';
import type { Database } from '../database/open-database.ts';
import { anonymous } from '../call/caller.ts';
import { listPaymentHistory } from './list-payment-history.ts';
import { listPayments } from './list-payments.ts';
import { keepPageTokenKey } from './page-token-key.ts';
import type { ListOptions } from './read-page.ts';

/** Enough for a wrong index to show. Measured with 200,000 too: the same figures, but for three or four blocks. */
const rows = Number(process.env['LIST_ROWS'] ?? 20_000);
const start = Date.UTC(2026, 0, 1);
const pageSize = 10;

/**
 * The worst there is: half of all is one user's, a third is one reservation's, and the rare states are the oldest, where
 * a list of the newest would come to them last.
 */
const fill = `with made as (
  select gen_random_uuid() as payment_id,
    case when n % 2 = 0 then 'big' else 'u-' || n % 500 end as user_id,
    case when n % 3 = 0 then 'hot' else 'r-' || n end as reservation_id,
    case when n in (1, 2, 4, 5) then 'PENDING' when n in (7, 8) then 'REFUNDED' when n = 6 then 'COMPLETED'
      when n % 3 = 0 then 'FAILED' else 'COMPLETED' end as state,
    to_timestamp(? / 1000.0) + n * interval '1 second' as at
  from generate_series(1, ?) n
), paid as (
  insert into payment.payment (payment_id, user_id, reservation_id, amount_minor, currency, state, failure_reason,
    created_at, updated_at)
  select payment_id, user_id, reservation_id, 1000, 'KRW', state, case state when 'FAILED' then 'ALREADY_PAID' end, at, at
  from made returning *
)
insert into payment.payment_history (payment_id, user_id, reservation_id, amount_minor, currency, state, failure_reason,
  created_at)
select payment_id, user_id, reservation_id, amount_minor, currency, state, failure_reason, created_at from paid
order by created_at`;

let closing: AsyncDisposableStack;
let url: string;
let observer: Database;

beforeAll(async () => {
  closing = new AsyncDisposableStack();
  ({ url } = closing.use(await throwAwayDatabase()));
  await migrateOutbox({ databaseUrl: url });
  await migratePayment({ databaseUrl: url });
  observer = closing.use(openDatabase({ databaseUrl: url, connections: 1, applicationName: 'observer' }));
  await asReader(async ({ em }) => {
    await em.execute(fill, [start, rows]);
    // Nobody else reads blocks of them.
    for (const table of ['payment.payment', 'payment.payment_history']) {
      await em.execute(`alter table ${table} set (autovacuum_enabled = false)`);
      await em.execute(`vacuum analyze ${table}`);
    }
  });
}, 60_000);
afterAll(async () => {
  await closing.disposeAsync();
});

const readers = `select count(*)::int as count from pg_stat_activity
  where datname = current_database() and application_name = 'reader'`;
const blocks = `select sum(heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit)::int as count
  from pg_statio_user_tables where schemaname = 'payment' and relname in ('payment', 'payment_history')`;
const count = async (statement: string) =>
  (await observer.em.fork().execute<{ count: number }[]>(statement))[0]?.count ?? NaN;

/** Does something in a session of its own. A session's figures are there when it has ended. */
const asReader = async (work: (database: Database) => Promise<unknown>) => {
  {
    await using database = openDatabase({ databaseUrl: url, connections: 1, applicationName: 'reader' });
    await work(database);
  }
  await eventually(async () => expect(await count(readers)).toBe(0));
};

/** Blocks of the two tables and their indexes that a call reads, planning included. */
const blocksRead = async (call: (options: ListOptions) => Promise<unknown>) => {
  const before = await count(blocks);
  await asReader((database) => call({ database, pageTokenKey: keepPageTokenKey() }));
  return (await count(blocks)) - before;
};

const context = () => ({
  caller: anonymous,
  signal: new AbortController().signal,
  deadline: Date.now() + 30_000,
});
type List = (options: ListOptions, asked: object) => Promise<{ nextPageToken: string }>;
const lists: Record<string, List> = {
  payments: (options, asked) => listPayments(options, create(ListPaymentsRequestSchema, asked), context()),
  history: (options, asked) =>
    listPaymentHistory(options, create(ListPaymentHistoryRequestSchema, asked), context()),
};

/** Every combination of filters, with a name. */
const filters: [string, object][] = [['all', {}]];
const add = (name: string, filter: object) =>
  filters.push(
    ...filters.map(([others, other]): [string, object] => [`${others}, ${name}`, { ...other, ...filter }]),
  );
add('one user', { userId: 'big' });
add('one reservation', { reservationId: 'hot' });
const others = [...filters];
for (const state of ['PENDING', 'COMPLETED', 'FAILED', 'REFUNDED'] as const)
  filters.push(
    ...others.map(([name, filter]): [string, object] => [
      `${name}, ${state}`,
      { ...filter, state: PaymentState[state] },
    ]),
  );
add('of some hours', {
  createTimeFrom: timestampFromMs(start + 1_000_000),
  createTimeUntil: timestampFromMs(start + 8_000_000),
});

describe.each(Object.entries(lists))('a page of %s', (_, list) => {
  it('reads a few blocks beyond one for each row, whatever the filters, the first page and the next', async () => {
    const costs: [string, number][] = [];
    for (const [name, filter] of filters) {
      let pageToken = '';
      const first = await blocksRead(async (options) => {
        ({ nextPageToken: pageToken } = await list(options, { ...filter, pageSize }));
      });
      costs.push([name, first]);
      if (pageToken)
        costs.push([
          `${name}, next`,
          await blocksRead((options) => list(options, { ...filter, pageSize, pageToken })),
        ]);
    }
    expect(costs).toHaveLength(60);
    expect(costs.filter(([, cost]) => !(cost > 0 && cost <= pageSize + 30))).toEqual([]);
  });
});
