import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { throwAwayDatabase } from '@payments/testing';
import pg from 'pg';
import { migrateInbox } from './migrate-inbox.ts';
import { openPace } from './open-pace.ts';
import type { Pace, PaceOptions } from './open-pace.ts';
import { openPool } from './open-pool.ts';

let stack: AsyncDisposableStack;
let databaseUrl: string;
let client: pg.Client;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  databaseUrl = stack.use(await throwAwayDatabase()).url;
  await migrateInbox({ databaseUrl });
  client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  stack.defer(() => client.end());
});
afterAll(() => stack.disposeAsync());

/** Another process, as far as the pace can tell: connections of its own. */
const openedAnew = (options: Omit<PaceOptions, 'pool'>): Pace =>
  openPace({ pool: stack.use(openPool(databaseUrl)), ...options });
const paceOf = (options: { intervalMs: number; burst: number }) => {
  const channel = randomUUID();
  return { channel, again: () => openedAnew({ channel, ...options }) };
};
const turns = async (pace: Pace, count: number) => {
  const waits: number[] = [];
  for (let asked = 0; asked < count; asked += 1) waits.push(await pace.turn());
  return waits;
};
/** Turns the clock of a channel on: what waits for a time comes by that time. */
const pass = (channel: string, ms: number) =>
  client.query(
    `update notifier.channel set due_at = due_at - $2 * interval '1 millisecond' where name = $1`,
    [channel, ms],
  );
const minute = 60_000;
/** A wait, of which some may be over on a slow machine. */
function aboutNow(wait: number, ms: number): void {
  expect(wait).toBeLessThanOrEqual(ms);
  expect(wait).toBeGreaterThan(ms - 20_000);
}

describe('the pace of a channel', () => {
  it('gives a burst after a rest, then a turn an interval, and says how long to wait', async () => {
    const { channel, again } = paceOf({ intervalMs: minute, burst: 3 });
    const pace = again();
    const [one, two, three, wait = 0] = await turns(pace, 4);
    expect([one, two, three]).toEqual([0, 0, 0]);
    aboutNow(wait, minute);
    await pass(channel, wait);
    const [next, after = 0] = await turns(pace, 2);
    expect(next).toBe(0);
    aboutNow(after, minute);
  });

  it('gives no more than the burst, however long the rest', async () => {
    const { channel, again } = paceOf({ intervalMs: minute, burst: 2 });
    const pace = again();
    await pace.turn();
    await pass(channel, 100 * minute);
    const waits = await turns(pace, 3);
    expect(waits.map((wait) => wait === 0)).toEqual([true, true, false]);
  });

  it('is one for all notifiers, also when twenty ask at once', async () => {
    const { again } = paceOf({ intervalMs: minute, burst: 3 });
    const all = await Promise.all(Array.from({ length: 20 }, () => again().turn()));
    expect(all.filter((wait) => wait === 0)).toHaveLength(3);
    for (const wait of all.filter((one) => one > 0)) aboutNow(wait, minute);
  });

  it('gives no new burst after a restart', async () => {
    const { again } = paceOf({ intervalMs: minute, burst: 3 });
    await turns(again(), 3);
    aboutNow(await again().turn(), minute);
  });

  it('keeps to the bound in any stretch of time, with two notifiers that wait as they are told', async () => {
    const [intervalMs, burst] = [50, 2];
    const { again } = paceOf({ intervalMs, burst });
    // Each turn was given somewhere between the question and the answer.
    const given: { asked: number; answered: number }[] = [];
    const notifier = async (pace: Pace) => {
      while (given.length < 20) {
        const asked = performance.now();
        const wait = await pace.turn();
        if (wait === 0) given.push({ asked, answered: performance.now() });
        else await pause(wait);
      }
    };
    await Promise.all([notifier(again()), notifier(again())]);
    for (const { asked: from } of given)
      for (const { answered: to } of given.filter(({ asked }) => asked >= from)) {
        const within = given.filter(({ asked, answered }) => asked >= from && answered <= to);
        expect(within.length).toBeLessThanOrEqual(burst + (to - from) / intervalMs);
      }
  });

  it('gives nobody a turn while it is held, one right after, and no burst', async () => {
    const { channel, again } = paceOf({ intervalMs: minute, burst: 3 });
    await again().hold(10 * minute);
    const restarted = again();
    aboutNow(await restarted.turn(), 10 * minute);
    await pass(channel, 10 * minute);
    const [first, second = 0] = await turns(restarted, 2);
    expect(first).toBe(0);
    aboutNow(second, minute);
  });

  it('is held for the longest that anybody asked for', async () => {
    const { again } = paceOf({ intervalMs: 1000, burst: 1 });
    await again().hold(10 * minute);
    await again().hold(minute);
    aboutNow(await again().turn(), 10 * minute);
    await again().hold(60 * minute);
    aboutNow(await again().turn(), 60 * minute);
  });

  it('lets everything pass with no interval, but for a hold', async () => {
    const { again } = paceOf({ intervalMs: 0, burst: 1 });
    expect(await turns(again(), 50)).toEqual(Array.from({ length: 50 }, () => 0));
    await again().hold(minute);
    aboutNow(await again().turn(), minute);
  });
});
