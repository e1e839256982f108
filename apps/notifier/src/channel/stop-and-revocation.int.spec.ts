import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import { inPartition, logged, named, openChannelStack } from './channel-stack.fixture.ts';
import type { ChannelStack } from './channel-stack.fixture.ts';

let all: ChannelStack;
const digest = { above: 2, max: 8, lines: 20 };

beforeEach(async () => {
  all = await openChannelStack();
});
afterEach(async () => {
  await all[Symbol.asyncDispose]();
});

/** What a wait of minutes would look like that did not end at once. */
const atOnceMs = 20_000;
const handled = (promise: Promise<unknown>) => {
  const started = performance.now();
  return promise.then((what) => {
    expect(performance.now() - started).toBeLessThan(atOnceMs);
    return what;
  });
};
/** Until the notifier has asked how long to wait for its turn. */
const waitsForItsTurn = () =>
  eventually(async () => {
    const { rowCount } = await all.client.query(
      `select from pg_stat_activity where datname = current_database() and application_name = 'notifier'
       and state = 'idle' and query like '%wait_ms%'`,
    );
    expect(rowCount).toBe(1);
  });

describe('a stop', () => {
  it.each(['a stop', 'a revocation'])(
    '%s ends a wait of minutes at once, and gives the claims back',
    async (what) => {
      const notifier = await all.notifier({ digest });
      const revocation = new AbortController();
      const events = named('a b c');
      all.slack.failNext({ status: 429, retryAfterSeconds: 600 });
      const telling = events.map((event) => notifier.handle(inPartition(event, 0, revocation.signal)));
      await waitsForItsTurn();
      expect((await all.rows()).size).toBe(3);
      (what === 'a stop' ? notifier.stop : revocation).abort();
      expect(await handled(Promise.all(telling))).toEqual(['left', 'left', 'left']);
      expect((await all.rows()).size).toBe(0);
      expect(all.slack.requests()).toHaveLength(1);
    },
  );

  it('while the turn is asked for: nothing is posted', async () => {
    const notifier = await all.notifier();
    const turns = await all.holdTurns();
    const telling = notifier.handle(inPartition(named('a')[0]!, 0));
    await turns.reached();
    notifier.stop.abort();
    await turns.letGo();
    expect(await telling).toBe('left');
    expect((await all.rows()).size).toBe(0);
    expect(all.slack.requests()).toEqual([]);
  });

  it('while the beginning of a post is noted: nothing is posted, and nobody says that it may have been', async () => {
    const notifier = await all.notifier();
    const [a] = named('a');
    const turns = await all.holdTurns();
    const telling = notifier.handle(inPartition(a!, 0));
    await turns.reached();
    const messages = await all.holdMessages();
    await turns.letGo();
    await messages.reached();
    notifier.stop.abort();
    await messages.letGo();
    expect(await telling).toBe('left');
    expect(all.slack.requests()).toEqual([]);
    expect((await all.rows()).size).toBe(0);
  });

  it('before the mark: what Slack has is marked first, also when PostgreSQL is away', async () => {
    const { proxy, url } = await all.proxied();
    const notifier = await all.notifier({ databaseUrl: url });
    const [a] = named('a');
    const held = all.slack.holdNext();
    const telling = notifier.handle(inPartition(a!, 0));
    await held.arrived;
    await proxy.refuse();
    held.release();
    await logged(notifier, 'waiting for postgres');
    notifier.stop.abort();
    await proxy.accept();
    expect(await telling).toBe('told');
    expect((await all.rows()).get(a!.id)).toMatchObject({ state: 'TOLD' });
  });

  it('whose time runs out before the mark: the next notifier tells it once more, and counts it', async () => {
    const { proxy, url } = await all.proxied();
    const notifier = await all.notifier({ databaseUrl: url });
    const [a] = named('a');
    const held = all.slack.holdNext();
    const telling = notifier.handle(inPartition(a!, 0));
    await held.arrived;
    await proxy.refuse();
    held.release();
    await logged(notifier, 'waiting for postgres');
    notifier.stop.abort();
    notifier.grace.abort();
    expect(await telling).toBe('left');
    await logged(notifier, 'in Slack, but not marked so before the end: it will be told once more');
    await all.endLeases();
    const next = await all.notifier();
    expect(await next.handle(inPartition(a!, 0))).toBe('told');
    expect(next.tally.mayRepeat).toBe(1);
    expect(all.slack.received()).toHaveLength(2);
  });

  it.each([
    ['the notifier goes on', false],
    ['it stops meanwhile', true],
  ])('does not shorten what Slack asked for: %s', async (_, stops) => {
    await using limited = await openChannelStack({ rateLimit: { perSecond: 0.9, burst: 1 } });
    const notifier = await limited.notifier();
    const [a, b] = named('a b');
    await notifier.handle(inPartition(a!, 0));
    const held = limited.slack.holdNext();
    const telling = notifier.handle(inPartition(b!, 0));
    await held.arrived;
    if (stops) notifier.stop.abort();
    held.release();
    await limited.requests(2);
    if (!stops) notifier.stop.abort();
    await telling;
    const next = await limited.notifier();
    expect(await next.handle(inPartition(b!, 0))).toBe('told');
    expect(limited.slack.requests().map(({ answer }) => answer)).toEqual([200, 429, 200]);
    expect(next.tally.mayRepeat).toBe(0);
  });
});

describe('a channel that failed, and has nothing left to tell here', () => {
  it.each([
    ['whose messages went to another', 'left'],
    ['whose messages another told', 'repeatDropped'],
  ])('%s, no longer keeps the process from being ready', async (how, end) => {
    const notifier = await all.notifier();
    const revocation = new AbortController();
    const [a] = named('a');
    all.slack.failAlways({ status: 500 });
    const telling = notifier.handle(inPartition(a!, 0, revocation.signal));
    await eventually(() => expect(notifier.unready.has('slack')).toBe(true));
    if (how === 'whose messages another told') {
      await all.client.query(
        `update notifier.inbox set state = 'TOLD', told_at = now(), owner = null, lease_until = null`,
      );
    } else revocation.abort();
    expect(await telling).toBe(end);
    await eventually(() => expect(notifier.unready).toEqual(new Map()));
  });
});

describe('a message that is delivered again to the same process', () => {
  it('while it waits is told once, and its claim is kept', async () => {
    const notifier = await all.notifier();
    const revocation = new AbortController();
    const [a] = named('a');
    all.slack.failNext({ status: 429, retryAfterSeconds: 1 });
    const before = notifier.handle(inPartition(a!, 0, revocation.signal));
    await all.requests(1);
    const after = notifier.handle(inPartition(a!, 0));
    const [row] = (await all.rows()).values();
    revocation.abort();
    expect(await before).toBe('left');
    expect(await after).toBe('told');
    expect((await all.rows()).get(a!.id)).toEqual({ ...row, state: 'TOLD' });
    expect(all.slack.received()).toHaveLength(1);
    expect(notifier.tally).toMatchObject({ told: 1, left: 1, mayRepeat: 0 });
  });

  it.each([
    ['is told', 'told', 'repeatDropped'],
    ['may have been told without a word', 'left', 'told'],
  ])('while it is posted, and then %s', async (how, first, second) => {
    const notifier = await all.notifier();
    const revocation = new AbortController();
    const [a] = named('a');
    const held = all.slack.holdNext();
    if (how !== 'is told') {
      held.release();
      all.slack.recover();
      all.slack.failNext({ hang: 'after' });
    }
    const before = notifier.handle(inPartition(a!, 0, revocation.signal));
    await (how === 'is told' ? held.arrived : all.requests(1));
    revocation.abort();
    const after = notifier.handle(inPartition(a!, 0));
    held.release();
    all.slack.cutHanging();
    expect([await before, await after]).toEqual([first, second]);
    expect(all.slack.received()).toHaveLength(how === 'is told' ? 1 : 2);
    expect(notifier.tally.mayRepeat).toBe(how === 'is told' ? 0 : 1);
  });

  it('in a digest: what was posted together without an answer is posted together again, as it comes', async () => {
    const notifier = await all.notifier({ digest });
    const revocation = new AbortController();
    const events = named('a b c');
    all.slack.failNext({ hang: 'after' });
    const before = events.map((event) => notifier.handle(inPartition(event, 0, revocation.signal)));
    await all.requests(1);
    revocation.abort();
    all.slack.cutHanging();
    expect(await Promise.all(before)).toEqual(['left', 'left', 'left']);
    const after = events.map((event, partition) => notifier.handle(inPartition(event, partition)));
    expect(await Promise.all(after)).toEqual(['told', 'told', 'told']);
    expect(all.accepted(events)).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ]);
  });
});
