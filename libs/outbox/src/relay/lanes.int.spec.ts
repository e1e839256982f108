import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import type pg from 'pg';
import { advisoryLockClass } from '../advisory-locks.ts';
import { append, drain, outboxDatabase, texts } from '../outbox.fixture.ts';
import type { RelaySession } from './relay-session.ts';

let database: Awaited<ReturnType<typeof outboxDatabase>>;
let onlooker: pg.Client;
beforeEach(async () => {
  database = await outboxDatabase();
  onlooker = await database.connect();
});
afterEach(() => database[Symbol.asyncDispose]());

/** How many lanes each relay owns, the busiest first. */
async function shares(): Promise<number[]> {
  const { rows } = await onlooker.query<{ lanes: number }>(
    `select count(*)::integer as lanes from pg_locks
      where locktype = 'advisory' and classid = ${advisoryLockClass.lane}
        and database = (select oid from pg_database where datname = current_database())
      group by pid order by lanes desc`,
  );
  return rows.map(({ lanes }) => lanes);
}

/** Moves lanes whenever they are to move, as a relay's loop does, which asks for its next batch then. */
const obey = (session: RelaySession) =>
  // A session that ends meanwhile has nothing to move.
  session.lanesMove$.subscribe(() => void session.nextBatch().catch(() => undefined));

/** Waits until the relays' shares are these, and returns how long it took, in milliseconds. */
async function untilShares(expected: number[]): Promise<number> {
  const begun = performance.now();
  await eventually(async () => expect(await shares()).toEqual(expected), { everyMs: 20 });
  return performance.now() - begun;
}

const median = (numbers: number[]): number =>
  numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? NaN;

/** Ends a session's backend, as the end of its process does, and waits until it is gone. */
const end = (share: 'first' | 'last') =>
  onlooker.query(
    `select pg_terminate_backend(pid, 10000) from
       (select pid from pg_stat_activity where application_name = 'outbox relay' and datname = current_database()
         order by backend_start ${share === 'first' ? 'asc' : 'desc'} limit 1) as relay`,
  );

describe('relays that share the lanes', () => {
  it('know which are theirs, each of them, and none once the session is lost', async () => {
    const first = await database.session();
    expect(first.lanes()).toEqual(Array.from({ length: 16 }, (_, lane) => lane));
    obey(first);
    const second = await database.session();
    obey(second);
    await eventually(() => expect([first.lanes().length, second.lanes().length]).toEqual([8, 8]));
    expect(new Set([...first.lanes(), ...second.lanes()]).size).toBe(16);
    await end('last');
    await eventually(() => expect(second.lanes()).toEqual([]));
    await eventually(() => expect(first.lanes()).toHaveLength(16));
  });

  it('come to fair shares in less than two seconds when one joins, leaves or dies', async () => {
    obey(await database.session());
    expect(await shares()).toEqual([16]);
    const took = { joining: [] as number[], leaving: [] as number[], dying: [] as number[] };
    for (let round = 0; round < 3; round++) {
      const second = await database.session();
      const obeying = obey(second);
      took.joining.push(await untilShares([8, 8]));
      await second[Symbol.asyncDispose]();
      obeying.unsubscribe();
      took.leaving.push(await untilShares([16]));
      obey(await database.session());
      await untilShares([8, 8]);
      await end('last');
      took.dying.push(await untilShares([16]));
    }
    console.log('fair shares after, in ms:', took);
    for (const times of Object.values(took)) expect(median(times)).toBeLessThan(2000);
  }, 60_000);

  it('share out among sixteen, and a seventeenth stands by until one is gone', async () => {
    for (let count = 0; count < 17; count++) obey(await database.session());
    await untilShares(Array.from({ length: 16 }, () => 1));
    await end('first');
    await untilShares(Array.from({ length: 16 }, () => 1));
  }, 60_000);

  it('hand a lane over where its last acknowledgement was, and forget what was read behind it', async () => {
    const keys = Array.from({ length: 64 }, (_, index) => `key-${index}`);
    for (let version = 0; version < 4; version++)
      for (const key of keys) await append(onlooker, key, `${key} ${version}`);
    const first = await database.session({ rows: 100 });
    const delivered = [];
    const batch = await first.nextBatch();
    delivered.push(...batch.messages);
    await first.acknowledge(batch);
    // Read, and lost to the other relay before it was acknowledged.
    const unacknowledged = await first.nextBatch();
    const second = await database.session({ rows: 100 });
    await eventually(async () => {
      await Promise.all([first.nextBatch(), second.nextBatch()]);
      expect(await shares()).toEqual([8, 8]);
    });
    await expect(first.acknowledge(unacknowledged)).rejects.toThrow(/returned last/);
    const [one, other] = [await drain(first), await drain(second)];
    expect(one.length).toBeGreaterThan(0);
    expect(other.length).toBeGreaterThan(0);
    const all = [...delivered, ...one, ...other];
    expect(all).toHaveLength(256);
    for (const key of keys)
      expect(texts(all.filter((message) => message.key === key))).toEqual(
        [0, 1, 2, 3].map((version) => `${key} ${version}`),
      );
  });

  it('leave their lanes to others when told to stand aside, and come back when these are gone', async () => {
    const first = await database.session();
    expect(await first.standAside(600_000)).toBe(false);
    expect(await shares()).toEqual([16]);
    obey(first);
    const second = await database.session();
    obey(second);
    await untilShares([8, 8]);
    expect(await first.standAside(600_000)).toBe(true);
    await untilShares([16]);
    await append(onlooker, 'key', 'published by the other');
    expect(await drain(first)).toEqual([]);
    expect(texts(await drain(second))).toEqual(['published by the other']);
    await end('last');
    await untilShares([16]);
    expect(first.lost.aborted).toBe(false);
    expect((await first.nextBatch()).messages).toEqual([]);
  }, 30_000);

  it('come back after the time they stand aside for', async () => {
    const first = await database.session();
    obey(first);
    obey(await database.session());
    await untilShares([8, 8]);
    await first.standAside(1500);
    await untilShares([16]);
    await untilShares([8, 8]);
  });
});
