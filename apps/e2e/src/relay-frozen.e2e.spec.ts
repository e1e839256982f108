import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, type RunningService } from '@payments/testing';
import type pg from 'pg';
import { laneCounts, untilShares } from './lanes-seen.fixture.ts';
import { numbered, readNumbers, writeSteadily } from './steady-writing.fixture.ts';
import { startSystem, type System } from './system.fixture.ts';

let system: System;
let onlooker: pg.Client;
let other: RunningService;
beforeAll(async () => {
  system = await startSystem();
  onlooker = await system.connect();
  other = await startRelay();
}, 120_000);
afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
}, 120_000);

const startRelay = (env: Record<string, string> = {}) =>
  system.start('relay', { RELAY_POLL_MS: '200', RELAY_BATCH_BYTES: `${128 * 1024 * 1024}`, ...env });

/** Within what a frozen relay has to lose its lanes, in milliseconds. */
const limitMs = 15_000;

/** A second relay with its share of the lanes; `pid` is that of its session on the server. */
async function joinedRelay(env: Record<string, string> = {}) {
  const before = new Set((await laneCounts(onlooker)).keys());
  const relay = await startRelay(env);
  await untilShares(onlooker, [8, 8]);
  const pid = [...(await laneCounts(onlooker)).keys()].find((session) => !before.has(session)) as number;
  return { relay, pid };
}

/** How a session is seen by the server. */
async function activity(pid: number): Promise<string | undefined> {
  const { rows } = await onlooker.query<{ seen: string }>(
    `select state || ' ' || coalesce(wait_event, '') as seen from pg_stat_activity where pid = $1`,
    [pid],
  );
  return rows[0]?.seen;
}

/** Waits until the other relay owns all lanes, and returns how long that took, in milliseconds. */
async function untilTakenOver(since: number): Promise<number> {
  await untilShares(onlooker, [16], { timeoutMs: 2 * limitMs });
  return performance.now() - since;
}

/** Makes the statements about a table wait, from here to `commit`. */
async function hold(table: string, mode: string): Promise<pg.Client> {
  const holder = await system.connect();
  await holder.query('begin');
  await holder.query(`lock table ${table} in ${mode} mode`);
  return holder;
}

/**
 * Makes the emptying of a slot stop in the middle, where it has the lock on its partition, for as long as the holder holds
 * advisory lock (2, 2).
 */
async function stopInEmptying(): Promise<pg.Client> {
  const holder = await system.connect();
  await holder.query('select pg_advisory_lock(2, 2)');
  const { rows } = await holder.query<{ text: string }>(
    `select pg_get_functiondef('outbox.empty_slot'::regproc) as text`,
  );
  const truncate = `execute format('truncate only %s', leaf);`;
  const stop = `while not pg_try_advisory_lock_shared(2, 2) loop perform pg_sleep(0.01); end loop;
    perform pg_advisory_unlock_shared(2, 2);`;
  expect(rows[0]?.text).toContain(truncate);
  await holder.query((rows[0]?.text ?? '').replace(truncate, () => `${stop} ${truncate}`));
  return holder;
}

/** Who holds a partition to itself. */
async function emptying(slot: number): Promise<number | undefined> {
  const { rows } = await onlooker.query<{ pid: number }>(
    `select pid from pg_locks where mode = 'AccessExclusiveLock' and granted and relation = $1::regclass`,
    [`outbox.message_${slot}`],
  );
  return rows[0]?.pid;
}

/** Appends a message of each of 64 keys, so that every relay has some; into an old slot where one is given. */
const appendSome = (topic: string, slot?: number) =>
  onlooker.query(
    `insert into outbox.message (topic, key, type, payload, slot)
     select $1, 'some-' || i, 'T', '', coalesce($2, (extract(epoch from clock_timestamp())::bigint / 43200 % 16))::smallint
       from generate_series(1, 64) as i`,
    [topic, slot ?? null],
  );

/** A frozen relay that goes on is told that its session is over; it ends in order. */
async function thaw(relay: RunningService): Promise<void> {
  relay.send('SIGCONT');
  await relay.waitForLine(({ text }) => text.includes('postgres failed'), { timeoutMs: 60_000 });
  await relay.kill('SIGTERM');
  await untilShares(onlooker, [16]);
}

describe('a relay that is frozen', () => {
  it('while nothing waits loses its lanes within 15 s', async () => {
    const { relay } = await joinedRelay();
    relay.send('SIGSTOP');
    const tookMs = await untilTakenOver(performance.now());
    console.log(`idle: ${Math.round(tookMs)} ms`);
    expect(tookMs).toBeLessThan(limitMs);
    await thaw(relay);
  }, 120_000);

  it('in the middle of a read of 50 MB loses its lanes within 15 s', async () => {
    const { relay, pid } = await joinedRelay();
    const holder = await hold('outbox.message', 'access exclusive');
    await holder.query(
      `insert into outbox.message (topic, key, type, payload)
       select 'large', 'large-' || i, 'T', convert_to(repeat(md5(i::text), 16384), 'UTF8') from generate_series(1, 200) as i`,
    );
    await eventually(async () => expect(await activity(pid)).toBe('active relation'), { everyMs: 20 });
    relay.send('SIGSTOP');
    const begun = performance.now();
    await holder.query('commit');
    // The server sends what the relay does not read: the freeze hit the middle of the reply.
    await eventually(async () => expect(await activity(pid)).toBe('active ClientWrite'), { everyMs: 20 });
    const tookMs = await untilTakenOver(begun);
    console.log(`in a read: ${Math.round(tookMs)} ms`);
    expect(tookMs).toBeLessThan(limitMs);
    await thaw(relay);
  }, 120_000);

  it('inside of a transaction loses its lanes within 15 s', async () => {
    const { relay, pid } = await joinedRelay();
    const holder = await hold('outbox.parked', 'share');
    // Kafka has no topic of that name: its messages are parked, in one transaction with the checkpoint.
    await appendSome('not/a topic');
    await eventually(async () => expect(await activity(pid)).toBe('active relation'), { everyMs: 20 });
    relay.send('SIGSTOP');
    const begun = performance.now();
    await holder.query('commit');
    await eventually(async () => expect(await activity(pid)).toBe('idle in transaction ClientRead'), {
      everyMs: 20,
    });
    const tookMs = await untilTakenOver(begun);
    console.log(`in a transaction: ${Math.round(tookMs)} ms`);
    expect(tookMs).toBeLessThan(limitMs);
    await thaw(relay);
    // What the frozen one rolls back the other one parks.
    await eventually(async () => {
      const { rows } = await onlooker.query(
        `select count(*)::integer as parked from outbox.parked where state = 'PARKED'`,
      );
      expect(rows).toEqual([{ parked: 64 }]);
    });
  }, 120_000);

  it('in the middle of emptying a slot keeps nobody waiting, and leaves nothing undone', async () => {
    const { rows } = await onlooker.query<{ slot: number }>(
      'select ((extract(epoch from clock_timestamp())::bigint / 43200 + 2) % 16)::integer as slot',
    );
    const slot = rows[0]?.slot as number;
    const topic = 'emptied';
    await appendSome(topic, slot);
    const appended = () => system.kafka.recordsAppended(topic);
    await eventually(async () => expect(await appended()).toBe(64));
    // A checkpoint behind them in every lane lets them go; a quiet lane would write one within ten minutes.
    await appendSome(topic);
    await eventually(async () => expect(await appended()).toBe(128));
    const stop = await stopInEmptying();
    const { relay, pid } = await joinedRelay({ RELAY_RETENTION_HOURS: '1' });
    await eventually(async () => expect(await emptying(slot)).toBe(pid), { timeoutMs: 60_000, everyMs: 20 });
    relay.send('SIGSTOP');
    await stop.query('select pg_advisory_unlock(2, 2)');
    const begun = performance.now();
    await eventually(async () => expect(await emptying(slot)).toBeUndefined(), { everyMs: 20 });
    const { rowCount } = await onlooker.query('select from outbox.message where slot = $1', [slot]);
    expect(rowCount).toBe(0);
    await onlooker.query(`select outbox.append('emptied', 'after', 'T', '')`);
    // The frozen relay still owns its lanes: nobody waited for it to lose them.
    expect([...(await laneCounts(onlooker)).keys()]).toContain(pid);
    await untilTakenOver(begun);
    await eventually(async () => expect(await appended()).toBeGreaterThan(128));
    await thaw(relay);
  }, 120_000);

  it('for 30 s in its work and then goes on loses nothing and reverses nothing', async () => {
    const topic = 'numbers';
    const { relay } = await joinedRelay();
    const enough = new AbortController();
    const writing = writeSteadily(await system.connect(), { topic, enough: enough.signal });
    await eventually(async () => expect(await system.kafka.recordsAppended(topic)).toBeGreaterThan(600));
    relay.send('SIGSTOP');
    const begun = performance.now();
    expect(await untilTakenOver(begun)).toBeLessThan(limitMs);
    // It is the length of the freeze that matters here: 30 s, as long as a send may take.
    await eventually(() => expect(performance.now() - begun).toBeGreaterThan(30_000), { timeoutMs: 40_000 });
    relay.send('SIGCONT');
    await untilShares(onlooker, [8, 8]);
    enough.abort();
    const count = await writing;
    await other.ready();
    const { numbers, repeats } = await eventually(
      async () => {
        const read = await readNumbers(system.kafka, topic);
        expect(Object.values(read.numbers).flat()).toHaveLength(30 * count);
        return read;
      },
      { timeoutMs: 60_000 },
    );
    console.log(`30 s frozen: ${30 * count} messages, ${repeats} repeats`);
    expect(numbers).toEqual(numbered(count));
  }, 180_000);
});
