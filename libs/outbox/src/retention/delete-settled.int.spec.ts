import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type pg from 'pg';
import { append, outboxDatabase } from '../outbox.fixture.ts';
import { cleanUp } from './clean-up.ts';
import { deleteSettled } from './delete-settled.ts';
import { inDays } from './retention.fixture.ts';

let database: Awaited<ReturnType<typeof outboxDatabase>>;
let client: pg.Client;
beforeEach(async () => {
  database = await outboxDatabase();
  client = await database.connect();
});
afterEach(() => database[Symbol.asyncDispose]());

/** Parks copies of messages that are in the log no more, settled so many days ago. */
async function park(from: number, to: number, state: string, daysAgo: number): Promise<void> {
  await client.query(
    `insert into outbox.parked (seq, lane, id, topic, key, type, payload, headers, created_at, cause, code, error, state, settled_at)
     select seq, 1, gen_random_uuid(), 't', 'k', 'T', '', '{}', now(), 'MESSAGE', 'C', 'e', $3,
            case when $3 <> 'PARKED' then now() - make_interval(days => $4) end
       from generate_series($1::bigint, $2::bigint) as seq`,
    [from, to, state, daysAgo],
  );
}
const seqs = async () =>
  (await client.query<{ seq: string }>('select seq from outbox.parked order by seq')).rows.map(({ seq }) =>
    Number(seq),
  );

it('parked messages that were settled before the retention go, in portions; those that wait stay, however old', async () => {
  await park(10_001, 12_500, 'PUBLISHED', 8);
  await park(20_001, 20_002, 'DISCARDED', 8);
  await park(30_001, 30_002, 'PARKED', 8);
  await park(40_001, 40_002, 'DISCARDED', 6);
  expect(await deleteSettled(client, { retentionHours: 168 })).toEqual({ parked: 2502, requests: 0 });
  expect(await seqs()).toEqual([30_001, 30_002, 40_001, 40_002]);
});

it('what became of a message is told as long as it is in the log, and is deleted after it', async () => {
  await append(client, 'k', 'poison');
  await client.query(
    `insert into outbox.parked (seq, lane, id, topic, key, type, payload, headers, created_at, cause, code, error, state, settled_at)
     select seq, lane, id, topic, key, type, payload, headers, created_at, 'MESSAGE', 'C', 'e', 'DISCARDED', now() - interval '9 days'
       from outbox.message`,
  );
  const status = async () =>
    (await client.query<{ status: string }>('select status from outbox.message_status')).rows;
  const { deleted } = await cleanUp(client, { retentionHours: 168 });
  expect(deleted.parked).toBe(0);
  expect(await status()).toEqual([{ status: 'DISCARDED' }]);
  await client.query('truncate outbox.message');
  expect(await deleteSettled(client, { retentionHours: 168 })).toEqual({ parked: 1, requests: 0 });
});

it('requests that were finished before the retention go; unfinished ones stay, however old', async () => {
  await client.query(
    `insert into outbox.request (lane, kind, requested_at, finished_at, outcome)
     values (1, 'RELEASE', now() - interval '9 days', now() - interval '8 days', 'done'),
            (1, 'RELEASE', now() - interval '9 days', null, null),
            (1, 'RELEASE', now() - interval '9 days', now() - interval '6 days', 'done')`,
  );
  expect(await deleteSettled(client, { retentionHours: 168 })).toEqual({ parked: 0, requests: 1 });
  expect(await deleteSettled(client, { retentionHours: 168, at: inDays(3) })).toEqual({
    parked: 0,
    requests: 1,
  });
  const { rows } = await client.query('select finished_at from outbox.request');
  expect(rows).toEqual([{ finished_at: null }]);
});
