import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import type { ANotifier } from '../a-notifier.fixture.ts';
import { aFailedEvent } from '../event/an-event.fixture.ts';
import { inPartition, named, openChannelStack } from './channel-stack.fixture.ts';
import type { ChannelStack, Named } from './channel-stack.fixture.ts';

let all: ChannelStack;
/** More than two that wait are told together, eight at most. */
const digest = { above: 2, max: 8, lines: 20 };
const handle = (notifier: ANotifier, events: readonly Named[], partition = 0) =>
  Promise.all(events.map((event) => notifier.handle(inPartition(event, partition))));
const each = (events: readonly Named[], what: string) => events.map(() => what);

beforeEach(async () => {
  all = await openChannelStack();
});
afterEach(async () => {
  await all[Symbol.asyncDispose]();
});

describe('what waits in a channel', () => {
  it('is told one by one when it is little, and in one message when it is more', async () => {
    const notifier = await all.notifier({ digest });
    const [two, three] = [named('a b'), named('c d e')];
    await handle(notifier, two);
    await handle(notifier, three);
    expect(all.accepted([...two, ...three])).toEqual([['a'], ['b'], ['c', 'd', 'e']]);
    expect(notifier.tally).toMatchObject({ told: 5, mayRepeat: 0 });
  });

  it('is told in its order, within a digest and over several, and in no more messages than it takes', async () => {
    const notifier = await all.notifier({ digest });
    const events = named('a b c d e f g h i j k l m n o p q r s');
    expect(await handle(notifier, events)).toEqual(each(events, 'told'));
    const names = events.map(({ name }) => name);
    expect(all.accepted(events).flat()).toEqual(names);
    expect(all.accepted(events).map((post) => post.length)).toEqual([8, 8, 3]);
  });

  it('goes into a digest as it comes while another post is under way, also what came after a limit was met', async () => {
    const notifier = await all.notifier({ digest });
    const [first, second] = [named('a b c'), named('d e')];
    all.slack.failNext({ status: 429, retryAfterSeconds: 1 });
    const telling = [handle(notifier, first)];
    await all.requests(1);
    telling.push(handle(notifier, second));
    expect((await Promise.all(telling)).flat()).toEqual(each([...first, ...second], 'told'));
    expect(all.asked([...first, ...second])).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c', 'd', 'e'],
    ]);
    expect(notifier.tally.mayRepeat).toBe(0);
  });

  it('never hides a failure: no digest holds more of them than it has lines', async () => {
    const notifier = await all.notifier({ digest: { above: 2, max: 8, lines: 3 } });
    const events = named('a b c d e', aFailedEvent);
    await handle(notifier, events);
    expect(all.accepted(events).map((post) => post.length)).toEqual([3, 1, 1]);
  });

  it('is told once, of all that was delivered twice', async () => {
    const notifier = await all.notifier({ digest });
    const events = named('a b c d');
    const [first, second] = await Promise.all([handle(notifier, events), handle(notifier, events, 1)]);
    expect(first).toEqual(each(events, 'told'));
    expect(second).toEqual(each(events, 'repeatDropped'));
    expect(all.accepted(events)).toEqual([['a', 'b', 'c', 'd']]);
  });
});

describe('a digest that Slack refuses', () => {
  /** Slack does not take what is told of these. */
  const refuse = (bad: readonly Named[]) =>
    all.slack.failWhen((body) =>
      bad.some(({ key, id }) => body.includes(key) || body.includes(id)) ? { status: 400 } : undefined,
    );

  it.each([
    ['the first', 'a'],
    ['one in the middle', 'd'],
    ['the last', 'h'],
    ['two', 'b g'],
    ['all', 'a b c d e f g h'],
  ])('is taken apart: %s is set aside, and all others are told once, in order', async (_, names) => {
    const notifier = await all.notifier({ digest });
    const events = named('a b c d e f g h');
    const bad = events.filter(({ name }) => names.split(' ').includes(name));
    refuse(bad);
    const ends = await handle(notifier, events);
    expect(ends).toEqual(events.map((one) => (bad.includes(one) ? 'deadLettered' : 'told')));
    const good = events.filter((one) => !bad.includes(one)).map(({ name }) => name);
    expect(all.accepted(events).flat()).toEqual(good);
    expect(notifier.tally).toMatchObject({ mayRepeat: 0, deadLettered: bad.length });
  });
});

describe('a digest that nobody answered', () => {
  it('is posted again with the same messages and nothing else, however much came meanwhile', async () => {
    const notifier = await all.notifier({ digest });
    const [first, second] = [named('a b c'), named('d e f g h i')];
    all.slack.failNext({ hang: 'after' });
    all.slack.failNext({ reset: 'after' });
    const telling = handle(notifier, first);
    await all.requests(1);
    const rest = handle(notifier, second);
    all.slack.cutHanging();
    await Promise.all([telling, rest]);
    const [abc, others] = [
      ['a', 'b', 'c'],
      ['d', 'e', 'f', 'g', 'h', 'i'],
    ];
    expect(all.accepted([...first, ...second])).toEqual([abc, abc, abc, others]);
  });

  it.each([
    [504, [3, 3, 1, 1]],
    [503, [3, 5]],
  ])(
    'is one of which a gateway lost sight, too, and no other that was answered: %s',
    async (status, sizes) => {
      const notifier = await all.notifier({ digest });
      const events = named('a b c d e');
      all.slack.failNext({ status });
      const telling = [handle(notifier, events.slice(0, 3))];
      await all.requests(1);
      telling.push(handle(notifier, events.slice(3)));
      await Promise.all(telling);
      expect(all.asked(events).map((post) => post.length)).toEqual(sizes);
    },
  );

  it('is posted again as it was by the next notifier after a crash, once, although more wait', async () => {
    const crashed = await all.notifier({ digest, timeoutMs: 120_000 });
    const [first, second] = [named('a b c d'), named('e f g')];
    all.slack.failNext({ hang: 'after' });
    void handle(crashed, first);
    await all.requests(1);
    await all.endLeases();
    const next = await all.notifier({ digest });
    await handle(next, [...first, ...second]);
    expect(all.accepted([...first, ...second])).toEqual([
      ['a', 'b', 'c', 'd'],
      ['a', 'b', 'c', 'd'],
      ['e', 'f', 'g'],
    ]);
    expect(next.tally).toMatchObject({ told: 7, mayRepeat: 4 });
    const saysSo = all.slack
      .received()
      .map(({ blocks }) => JSON.stringify(blocks).includes('May have been told before'));
    expect(saysSo).toEqual([false, true, false]);
  });

  it('is posted again as it was, although its messages are delivered one after the other', async () => {
    const crashed = await all.notifier({ digest, timeoutMs: 120_000 });
    const events = named('a b c d');
    all.slack.failNext({ hang: 'after' });
    void handle(crashed, events);
    await all.requests(1);
    await all.endLeases();
    const next = await all.notifier({ digest });
    const [a, ...others] = events.map((event) => inPartition(event, Number(event.name === 'b')));
    if (!a) throw new Error('no message');
    const telling = [next.handle(a)];
    const claims = async () =>
      (
        await all.client.query<{ claims: number }>('select claims from notifier.inbox where id = $1', [
          a.headers['ce_id'],
        ])
      ).rows[0]?.claims;
    await eventually(async () => expect(await claims()).toBe(2));
    telling.push(...others.map((message) => next.handle(message)));
    await Promise.all(telling);
    expect(all.accepted(events)).toEqual([
      ['a', 'b', 'c', 'd'],
      ['a', 'b', 'c', 'd'],
    ]);
  });

  it('is not waited for in vain: what another notifier got of it is told by that one', async () => {
    const crashed = await all.notifier({ digest, timeoutMs: 120_000 });
    const events = named('a b c d');
    all.slack.failNext({ hang: 'after' });
    void handle(crashed, events);
    await all.requests(1);
    await all.endLeases();
    const [one, other] = [await all.notifier({ digest }), await all.notifier({ digest })];
    await Promise.all([handle(one, events.slice(0, 3)), handle(other, events.slice(3), 1)]);
    expect(all.accepted(events).slice(1).sort()).toEqual([['a', 'b', 'c'], ['d']]);
    expect(one.tally.mayRepeat + other.tally.mayRepeat).toBe(4);
  });
});
