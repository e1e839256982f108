import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import type { ANotifier } from '../a-notifier.fixture.ts';
import type { Outcome } from '../event/outcome.ts';
import { decodeEvent } from '../event/decode-event.ts';
import { inPartition, logged, named, openChannelStack } from './channel-stack.fixture.ts';
import type { ChannelStack, Named } from './channel-stack.fixture.ts';

let all: ChannelStack;
const digest = { above: 2, max: 8, lines: 20 };

beforeEach(async () => {
  all = await openChannelStack();
});
afterEach(async () => {
  await all[Symbol.asyncDispose]();
});

const handle = (notifier: ANotifier, events: readonly Named[]) =>
  events.map((event) => notifier.handle(inPartition(event, 0)));

describe('PostgreSQL away', () => {
  it('before a claim: /readyz says so, what waits is told when it is back, in a digest with what came meanwhile', async () => {
    const { proxy, url } = await all.proxied();
    const notifier = await all.notifier({ databaseUrl: url, digest });
    await proxy.refuse();
    const events = named('a b c d');
    const telling = handle(notifier, events.slice(0, 1));
    await logged(notifier, 'waiting for postgres', 2);
    telling.push(...handle(notifier, events.slice(1)));
    expect(notifier.unready.get('postgres')).toMatch(/ECONNREFUSED/);
    expect(all.slack.requests()).toEqual([]);
    await proxy.accept();
    expect(await Promise.all(telling)).toEqual(['told', 'told', 'told', 'told']);
    expect(all.accepted(events).flat()).toEqual(['a', 'b', 'c', 'd']);
    expect(notifier.unready).toEqual(new Map());
    expect(notifier.tally.mayRepeat).toBe(0);
  });

  it('between the turn and the post: nothing is posted without it, and all once', async () => {
    const { proxy, url } = await all.proxied();
    const notifier = await all.notifier({ databaseUrl: url, digest });
    const events = named('a b c');
    const turns = await all.holdTurns();
    const telling = handle(notifier, events);
    await turns.reached();
    const messages = await all.holdMessages();
    await turns.letGo();
    await messages.reached();
    await proxy.refuse();
    await logged(notifier, 'waiting for postgres', 2);
    expect(all.slack.requests()).toEqual([]);
    await messages.letGo();
    await proxy.accept();
    expect(await Promise.all(telling)).toEqual(['told', 'told', 'told']);
    expect(all.accepted(events)).toEqual([['a', 'b', 'c']]);
    expect(notifier.tally.mayRepeat).toBe(0);
  });

  it('between a post and its mark: a digest is marked as a whole, and told once', async () => {
    const { proxy, url } = await all.proxied();
    const notifier = await all.notifier({ databaseUrl: url, digest });
    const events = named('a b c');
    const held = all.slack.holdNext();
    const telling = handle(notifier, events);
    await held.arrived;
    await proxy.refuse();
    held.release();
    await logged(notifier, 'waiting for postgres', 2);
    await proxy.accept();
    expect(await Promise.all(telling)).toEqual(['told', 'told', 'told']);
    expect([...(await all.rows()).values()].map(({ state }) => state)).toEqual(['TOLD', 'TOLD', 'TOLD']);
    expect(all.slack.received()).toHaveLength(1);
  });

  it('after a digest was refused: it is taken apart when it is back', async () => {
    const { proxy, url } = await all.proxied();
    const notifier = await all.notifier({ databaseUrl: url, digest });
    const events = named('a b c');
    all.slack.failNext({ status: 400 });
    const cut = proxy.faultWhen(() => (all.slack.requests().length === 1 ? 'cut' : 'pass'));
    const telling = handle(notifier, events);
    await cut;
    expect(await Promise.all(telling)).toEqual(['told', 'told', 'told']);
    expect(all.asked(events)[0]).toEqual(['a', 'b', 'c']);
    expect(all.accepted(events).flat()).toEqual(['a', 'b', 'c']);
    expect(notifier.tally.mayRepeat).toBe(0);
  });
});

describe('a server in trouble that says when to come back', () => {
  it.each([
    ['trouble', 503, 30, /^Slack answered 503/],
    ['a limit, which is none', 429, 30, undefined],
    [
      'a limit of more than a minute, which is said',
      429,
      600,
      /^Slack asked to be left alone: nothing is told before 20/,
    ],
  ])('is %s', async (_, status, retryAfterSeconds, reason) => {
    const notifier = await all.notifier();
    const [a] = named('a');
    all.slack.failNext({ status, retryAfterSeconds });
    const telling = notifier.handle(inPartition(a!, 0));
    await logged(notifier, 'Slack did not take a message; it is tried again');
    if (reason) await eventually(() => expect(notifier.unready.get('slack')).toMatch(reason));
    else expect(notifier.unready.has('slack')).toBe(false);
    notifier.stop.abort();
    expect(await telling).toBe('left');
  });

  it('is asked again after an hour, whatever it says', async () => {
    const notifier = await all.notifier();
    const [a] = named('a');
    all.slack.failNext({ status: 429, retryAfterSeconds: 30 * 86_400 });
    const telling = notifier.handle(inPartition(a!, 0));
    const said = 'Slack did not take a message; it is tried again';
    await logged(notifier, said);
    expect(notifier.lines.find(({ msg }) => msg === said)).toMatchObject({ pauseMs: 3_600_000 });
    notifier.stop.abort();
    expect(await telling).toBe('left');
    const { rows } = await all.client.query<{ held: boolean }>(
      `select due_at between now() + interval '50 minutes' and now() + interval '61 minutes' as held from notifier.channel`,
    );
    expect(rows).toEqual([{ held: true }]);
  });
});

describe('an event of which no text can be made', () => {
  it('is refused with the reason, and what waits behind it is told', async () => {
    const notifier = await all.notifier();
    const events = named('a b c');
    const [b] = events.slice(1);
    const ends = await Promise.all(
      events.map(async (one) => {
        const decoded = decodeEvent(one);
        if (decoded.kind !== 'event') throw new Error(decoded.kind);
        // Nothing that can be decoded is known to have this effect: a kind without words stands for it.
        const event = one === b ? { ...decoded.event, outcome: 'DREAMT' as Outcome } : decoded.event;
        return await notifier.channelsOf(event)[0]?.tell(inPartition(one, 0), event);
      }),
    );
    const told = { kind: 'told' };
    const reason = expect.stringContaining('no text can be made of it') as unknown;
    expect(ends).toEqual([told, { kind: 'refused', reason }, told]);
    expect(all.accepted(events).flat()).toEqual(['a', 'c']);
  });
});
