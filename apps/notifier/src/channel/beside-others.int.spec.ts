import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, startSlackStandIn } from '@payments/testing';
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

describe('beside another claimant', () => {
  it('what lies behind its message waits, and other partitions do not', async () => {
    const [holder, notifier] = [await all.notifier(), await all.notifier({ digest })];
    const [mine, others] = [named('a b c d'), named('e f g')];
    all.slack.failNext({ hang: 'before' });
    const holding = holder.handle(inPartition(mine[0]!, 0));
    await all.requests(1);
    const behind = mine.map((event) => notifier.handle(inPartition(event, 0)));
    const beside = others.map((event) => notifier.handle(inPartition(event, 1)));
    expect(await Promise.all(beside)).toEqual(['told', 'told', 'told']);
    all.slack.cutHanging();
    expect(await holding).toBe('told');
    expect(await Promise.all(behind)).toEqual(['repeatDropped', 'told', 'told', 'told']);
    expect(all.accepted([...mine, ...others])).toEqual([['e', 'f', 'g'], ['a'], ['b', 'c', 'd']]);
  });

  it('that takes one of a digest between its turn and its post, the digest is made up without it and what follows it', async () => {
    const notifier = await all.notifier({ digest });
    const [mine, others] = [named('a b c'), named('d e f')];
    const turns = await all.holdTurns();
    const telling = [
      ...mine.map((event) => notifier.handle(inPartition(event, 0))),
      ...others.map((event) => notifier.handle(inPartition(event, 1))),
    ];
    await turns.reached();
    const lease = (ms: number, owner: string) =>
      all.client.query(
        `update notifier.inbox set owner = $1, lease_until = clock_timestamp() + $2 * interval '1 millisecond' where id = $3`,
        [owner, ms, mine[1]!.id],
      );
    await lease(3_600_000, 'another');
    await turns.letGo();
    await Promise.all([telling[0], ...telling.slice(3)]);
    await lease(0, 'another');
    await Promise.all(telling);
    expect(all.accepted([...mine, ...others])).toEqual([['a', 'd', 'e', 'f'], ['b'], ['c']]);
    expect(notifier.tally).toMatchObject({ told: 6, mayRepeat: 0 });
  });

  it('a turn that was not used in time is another’s: no two posts come closer than the pace allows', async () => {
    const options = { minIntervalMs: 2000, beginTimeoutMs: 1000 };
    const [late, prompt] = [await all.notifier(options), await all.notifier(options)];
    const [a, b, c] = named('a b c');
    const turns = await all.holdTurns();
    const telling = late.handle(inPartition(a!, 0));
    await turns.reached();
    const messages = await all.holdMessages();
    await turns.letGo();
    await logged(late, 'waiting for postgres');
    await prompt.handle(inPartition(b!, 1));
    await messages.letGo();
    const soon = prompt.handle(inPartition(c!, 1));
    await Promise.all([telling, soon]);
    const times = all.slack.requests().map(({ at }) => Date.parse(at));
    expect(times).toHaveLength(3);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? at));
    // The turn is given just before the post begins, the time is taken when it has come: the bound is not exact.
    expect(Math.min(...gaps)).toBeGreaterThan(1000);
    expect(late.tally.mayRepeat).toBe(0);
  });

  it('a turn that was given long before its answer came is another’s, too', async () => {
    const options = { minIntervalMs: 2000, beginTimeoutMs: 1000 };
    const [late, prompt] = [await all.notifier(options), await all.notifier(options)];
    const [a, b] = named('a b');
    const turns = await all.holdTurns();
    const telling = late.handle(inPartition(a!, 0));
    await turns.reached();
    // The server gives a turn for the time at which it was asked: after an interval it is the next one's.
    await pause(2100);
    await turns.letGo();
    await logged(late, 'nothing was posted; it is tried again');
    expect(late.unready.get('slack')).toMatch(/PostgreSQL answers too slowly/);
    await Promise.all([telling, prompt.handle(inPartition(b!, 1))]);
    const times = all.slack.requests().map(({ at }) => Date.parse(at));
    expect(times).toHaveLength(2);
    expect(Math.abs(times[1]! - times[0]!)).toBeGreaterThan(1000);
    expect([late.tally.mayRepeat, late.unready.size]).toEqual([0, 0]);
  });

  it('nothing is asked of PostgreSQL again and again while nothing can be posted', async () => {
    const { proxy, url } = await all.proxied();
    const events = named('a b c d');
    const holder = await all.notifier({ digest });
    all.slack.failNext({ hang: 'before' });
    const holding = events.map((event) => holder.handle(inPartition(event, 0)));
    await all.requests(1);
    const notifier = await all.notifier({ databaseUrl: url, digest });
    let asked = 0;
    void proxy.faultWhen(({ direction }) => {
      asked += direction === 'request' ? 1 : 0;
      return 'pass';
    });
    const within = async (ms: number) => {
      const before = asked;
      await pause(ms);
      return asked - before;
    };
    const telling = events.map((event) => notifier.handle(inPartition(event, 0)));
    await eventually(() => expect(asked).toBeGreaterThan(0));
    // Another has them: two statements, four times a second, of three packets at most.
    expect(await within(1000)).toBeLessThanOrEqual(40);
    all.slack.failNext({ status: 429, retryAfterSeconds: 600 });
    all.slack.cutHanging();
    await logged(holder, 'Slack did not take a message; it is tried again', 2);
    holder.stop.abort();
    expect(await Promise.all(holding)).toEqual(['left', 'left', 'left', 'left']);
    // Slack asked for ten minutes.
    await eventually(async () => expect(await within(600)).toBe(0));
    notifier.stop.abort();
    expect(await Promise.all(telling)).toEqual(['left', 'left', 'left', 'left']);
  });

  it('a pause that Slack asked for is kept by a notifier that starts after it', async () => {
    const [one, event] = [await all.notifier(), named('a')[0]!];
    all.slack.failNext({ status: 429, retryAfterSeconds: 2 });
    const telling = one.handle(inPartition(event, 0));
    await logged(one, 'Slack did not take a message; it is tried again');
    one.stop.abort();
    expect(await telling).toBe('left');
    expect(await (await all.notifier()).handle(inPartition(event, 0))).toBe('told');
    expect(all.slack.tooFast()).toEqual([]);
  });
});

describe('two channels', () => {
  const twoChannels = async () => {
    const other = all.stack.use(await startSlackStandIn());
    const routing = {
      channels: [
        { name: 'default', webhookUrl: all.slack.webhook, format: 'blocks' as const },
        { name: 'failures', webhookUrl: other.webhook, format: 'blocks' as const },
      ],
      channelsOf: () => ['default', 'failures'],
    };
    return { other, notifier: await all.notifier({ routing, digest }) };
  };

  it('each tell what is theirs once, and one that is broken does not hold up the other', async () => {
    const { other, notifier } = await twoChannels();
    const events = named('a b c');
    other.failAlways({ status: 404 });
    const telling = events.map((event) => notifier.handle(inPartition(event, 0)));
    await eventually(() => expect(all.accepted(events)).toEqual([['a', 'b', 'c']]));
    await eventually(() => expect(notifier.unready.get('slack failures')).toMatch(/must be mended/));
    expect([...notifier.unready.keys()]).toEqual(['slack failures']);
    other.recover();
    expect(await Promise.all(telling)).toEqual(['told', 'told', 'told']);
    expect([all.slack.received().length, other.received().length]).toEqual([1, 1]);
    expect(notifier.unready).toEqual(new Map());
  });

  it('leave what one refused and the other was not told: it is delivered again, and told in that one alone', async () => {
    const { other, notifier } = await twoChannels();
    const [a] = named('a');
    all.slack.failNext({ status: 400 });
    other.failAlways({ status: 403 });
    const telling = notifier.handle(inPartition(a!, 0));
    await eventually(() =>
      expect([all.slack, other].map((one) => one.requests().length > 0)).toEqual([true, true]),
    );
    await eventually(async () => expect((await all.rows()).size).toBe(1));
    notifier.stop.abort();
    expect(await telling).toBe('left');
    expect(notifier.tally).toMatchObject({ left: 1, deadLettered: 0 });
  });
});
