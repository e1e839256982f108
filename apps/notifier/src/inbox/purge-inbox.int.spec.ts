import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, throwAwayDatabase } from '@payments/testing';
import pg from 'pg';
import { advisoryLockClass } from './advisory-locks.ts';
import { migrateInbox } from './migrate-inbox.ts';
import { openInbox } from './open-inbox.ts';
import type { Inbox } from './open-inbox.ts';
import { openPool } from './open-pool.ts';
import type { Pool } from './open-pool.ts';
import { purgeBatch, purgeInbox, purgeSql } from './purge-inbox.ts';

const hour = 3_600_000;
const retentionMs = 24 * hour;

let stack: AsyncDisposableStack;
let pool: Pool;
let client: pg.Client;
let inbox: Inbox;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const { url } = stack.use(await throwAwayDatabase());
  await migrateInbox({ databaseUrl: url });
  pool = stack.use(openPool(url));
  inbox = openInbox({ pool, channel: 'default', leaseMs: 60_000, beginTimeoutMs: 10_000 });
  client = new pg.Client({ connectionString: url });
  await client.connect();
  stack.defer(() => client.end());
});
afterEach(() => stack.disposeAsync());

type Row = { state?: string; hours: number; toldHours?: number; channel?: string };

/** Puts a row there that was claimed, and told if it was, so many hours ago. */
async function row({ state = 'TOLD', hours, toldHours = hours, channel = 'default' }: Row): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `insert into notifier.inbox (id, channel, state, claimed_at, told_at, reason, owner, lease_until)
     select gen_random_uuid(), $4, $1, now() - $2 * interval '1 hour',
       case $1 when 'TOLD' then now() - $3 * interval '1 hour' end, case $1 when 'REFUSED' then 'x' end,
       case $1 when 'CLAIMED' then 'o' end, case $1 when 'CLAIMED' then now() - interval '1 hour' end
     returning id`,
    [state, hours, toldHours, channel],
  );
  return rows[0]?.id ?? '';
}
const told = (count: number, hours: number) =>
  client.query(
    `insert into notifier.inbox (id, channel, state, claimed_at, told_at)
     select gen_random_uuid(), 'default', 'TOLD', at, at
     from generate_series(1, $1) n, lateral (select now() - $2 * interval '1 hour' - n * interval '1 ms' as at) t`,
    [count, hours],
  );
const left = async () =>
  (await client.query<{ id: string }>('select id from notifier.inbox order by claimed_at')).rows.map(
    ({ id }) => id,
  );
const purge = (limit = 1_000, by: Pick<Pool, 'query'> = pool) => purgeBatch(by, { retentionMs, limit });

describe('a batch of the purge', () => {
  it('deletes what was told or refused longer ago than the retention, in every channel, and nothing else', async () => {
    await row({ hours: 24.01 });
    await row({ hours: 48, channel: 'failures' });
    await row({ state: 'REFUSED', hours: 48 });
    const kept = [
      await row({ state: 'CLAIMED', hours: 48 }),
      await row({ hours: 36, toldHours: 23 }),
      await row({ hours: 23.99 }),
      await row({ state: 'REFUSED', hours: 23 }),
      await row({ hours: 0 }),
    ];
    expect(await purge()).toEqual({ deleted: 3 });
    expect(await left()).toEqual(kept);
  });

  it('deletes the oldest first, and no more than it may', async () => {
    const [, second, ...others] = [
      await row({ hours: 40 }),
      await row({ hours: 60 }),
      await row({ hours: 50 }),
      await row({ hours: 30 }),
    ];
    expect(await purge(2)).toEqual({ deleted: 2 });
    expect(await left()).not.toContain(second);
    expect(await left()).toHaveLength(2);
    expect(await left()).not.toContain(others[0]);
  });

  it('is left to the notifier that is at it', async () => {
    await row({ hours: 48 });
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1, 0)', [advisoryLockClass.purge]);
    expect(await purge()).toBe('ANOTHER_IS_AT_IT');
    await client.query('rollback');
    expect(await purge()).toEqual({ deleted: 1 });
  });

  it('leaves a row that somebody holds, and does not wait', async () => {
    const held = await row({ hours: 48 });
    await row({ hours: 49 });
    await client.query('begin');
    await client.query('select from notifier.inbox where id = $1 for update', [held]);
    expect(await purge()).toEqual({ deleted: 1 });
    await client.query('commit');
    expect(await left()).toEqual([held]);
  });

  it('is in nobody’s way: claims and marks go on while it lasts, and a row that goes is claimed anew after it', async () => {
    await told(1_000, 48);
    const old = await row({ hours: 72 });
    const fresh = Array.from({ length: 100 }, () => randomUUID());
    await client.query('begin');
    expect(await purge(2_000, client)).toEqual({ deleted: 1_001 });
    expect((await inbox.claim(fresh)).size).toBe(100);
    expect((await inbox.beginPost(fresh, randomUUID())).size).toBe(100);
    await inbox.markTold(fresh);
    const claiming = inbox.claim([old]);
    await client.query('commit');
    expect([...(await claiming).values()]).toEqual([{ kind: 'claimed', earlierPost: undefined }]);
    expect((await left()).toSorted()).toEqual([old, ...fresh].toSorted());
  });

  it('reads no more of a large inbox than it deletes', async () => {
    await told(30_000, 1);
    await told(3_000, 48);
    await client.query('analyze notifier.inbox');
    const { rows } = await client.query<{ 'QUERY PLAN': unknown }>(`explain (format json) ${purgeSql}`, [
      advisoryLockClass.purge,
      retentionMs,
      1_000,
    ]);
    const plan = JSON.stringify(rows[0]?.['QUERY PLAN']);
    expect(plan).toContain('"Index Name":"inbox_by_claimed_at"');
    expect(plan).toContain('Tid Scan');
    expect(plan).not.toContain('Seq Scan');
  });
});

describe('the purge', () => {
  it('deletes all that is over while claims go on, says how much, and ends when it is told to', async () => {
    await told(20_000, 48);
    const stopping = new AbortController();
    const lines: object[] = [];
    const log = {
      info: (fields: object) => lines.push(fields),
      warn: (fields: object) => lines.push(fields),
    };
    const purging = purgeInbox({ pool, retentionMs, stop: stopping.signal, log: log as never });
    const mine: string[] = [];
    while (lines.length === 0) {
      const ids = Array.from({ length: 10 }, () => randomUUID());
      const claims = await inbox.claim(ids);
      expect([...claims.values()].every(({ kind }) => kind === 'claimed')).toBe(true);
      await inbox.markTold(ids);
      mine.push(...ids);
    }
    expect(lines).toEqual([{ deleted: 20_000 }]);
    await eventually(async () => expect((await left()).toSorted()).toEqual(mine.toSorted()));
    stopping.abort();
    await purging;
  });
});
