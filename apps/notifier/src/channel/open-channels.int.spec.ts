import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, startSlackStandIn, throwAwayDatabase } from '@payments/testing';
import type { SlackStandIn } from '@payments/testing';
import pg from 'pg';
import { aNotifier, asConsumed } from '../a-notifier.fixture.ts';
import { aFailedEvent, anEvent } from '../event/an-event.fixture.ts';
import type { AnEvent, Wishes } from '../event/an-event.fixture.ts';
import { routingBy } from '../routes/routing.ts';

const names = ['default', 'failures', 'large'] as const;
type Name = (typeof names)[number];

let stack: AsyncDisposableStack;
let slack: Record<Name, SlackStandIn>;
let databaseUrl: string;
let client: pg.Client;
/** Only a safety net: what is waited for comes within a second. */
const inTime = { timeoutMs: 60_000 };

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  databaseUrl = stack.use(await throwAwayDatabase()).url;
  client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  stack.defer(() => client.end());
  const start = async () => stack.use(await startSlackStandIn());
  slack = { default: await start(), failures: await start(), large: await start() };
});
afterEach(() => stack.disposeAsync());

/** A notifier that tells failures in one channel and what is above ₩1,000 in another. */
const routed = async (options: Partial<Parameters<typeof aNotifier>[0]> = {}) => {
  const channels = names.map((name) => ({
    name,
    webhookUrl: slack[name].webhook,
    format: 'blocks' as const,
  }));
  const routing = routingBy({
    channels,
    routes: [
      { channel: 'failures', outcomes: ['FAILED'] },
      { channel: 'large', above: new Map([['KRW', 1_000n]]) },
    ],
  });
  return stack.use(await aNotifier({ databaseUrl, webhookUrl: '', routing, ...options }));
};

const paid = (user: string, won: bigint, make: (wishes: Wishes) => AnEvent = anEvent) =>
  make({ payment: { userId: `u-${user}`, amount: { currencyCode: 'KRW', units: won } } });
/** What each channel shows, by the users of the events. */
const shown = () =>
  Object.fromEntries(
    names.map((name) => [name, slack[name].received().map(({ text }) => /u-(\w+)/.exec(text)?.[1])]),
  );
const states = async (id: string) => {
  const { rows } = await client.query<{ channel: string; state: string }>(
    'select channel, state from notifier.inbox where id = $1 order by channel',
    [id],
  );
  return Object.fromEntries(rows.map(({ channel, state }) => [channel, state]));
};

describe('several channels', () => {
  it('are each told what the routes say, once, however often and to whomever it is delivered', async () => {
    const [one, two] = [await routed(), await routed()];
    const events = [
      paid('small', 1_000n),
      paid('failed', 1_000n, aFailedEvent),
      paid('large', 1_001n),
      paid('both', 1_001n, aFailedEvent),
    ];
    const tell = ({ handle }: typeof one) => Promise.all(events.map((event) => handle(asConsumed(event))));
    await Promise.all([tell(one), tell(two)]);
    expect(await tell(one)).toEqual(events.map(() => 'repeatDropped'));
    expect(shown()).toEqual({
      default: ['small'],
      failures: expect.arrayContaining(['failed', 'both']) as unknown,
      large: expect.arrayContaining(['large', 'both']) as unknown,
    });
    expect([slack.failures.received().length, slack.large.received().length]).toEqual([2, 2]);
  });

  it.each([
    { status: 403 },
    { status: 500 },
    { status: 429, retryAfterSeconds: 3_600 },
    { hang: 'before' },
  ] as const)('do not wait for one that answers with %j', async (behaviour) => {
    const notifier = await routed();
    stack.defer(() => slack.failures.cutHanging());
    slack.failures.failAlways(behaviour);
    const waiting = notifier.handle(asConsumed(paid('both', 1_001n, aFailedEvent)));
    await eventually(() => expect(slack.failures.requests()).not.toEqual([]), inTime);
    // Of the same partition, behind it.
    const others = [paid('small', 1n), paid('large', 1_001n)];
    const told = await Promise.all(others.map((event) => notifier.handle(asConsumed(event))));
    expect(told).toEqual(['told', 'told']);
    expect(shown()).toEqual({ default: ['small'], failures: [], large: ['both', 'large'] });
    notifier.stop.abort();
    slack.failures.cutHanging();
    expect(await waiting).toBe('left');
  });

  it('say which of them has a broken webhook, and tell there what waited once it is mended', async () => {
    const notifier = await routed();
    slack.failures.failAlways({ status: 403 });
    const event = paid('both', 1_001n, aFailedEvent);
    const waiting = notifier.handle(asConsumed(event));
    const reason = /^Slack answered 403 .*must be mended$/;
    await eventually(() => expect(notifier.unready.get('slack failures')).toMatch(reason), inTime);
    expect(await notifier.handle(asConsumed(paid('small', 1n)))).toBe('told');
    expect([...notifier.unready.keys()]).toEqual(['slack failures']);
    slack.failures.recover();
    expect(await waiting).toBe('told');
    expect(notifier.unready).toEqual(new Map());
    expect(shown()).toEqual({ default: ['small'], failures: ['both'], large: ['both'] });
  });

  it('that were told before a crash are not told again for the sake of one that was not', async () => {
    const event = paid('both', 1_001n, aFailedEvent);
    const crashed = await routed({ timeoutMs: 120_000 });
    stack.defer(() => slack.failures.cutHanging());
    slack.failures.failNext({ hang: 'before' });
    const telling = crashed.handle(asConsumed(event));
    const between = { failures: 'CLAIMED', large: 'TOLD' };
    await eventually(async () => expect(await states(event.id)).toEqual(between), inTime);
    await eventually(() => expect(slack.failures.requests()).toHaveLength(1), inTime);
    // What a crash leaves is a claim whose lease ends.
    await client.query('update notifier.inbox set lease_until = now() where lease_until is not null');
    expect(await (await routed()).handle(asConsumed(event))).toBe('told');
    expect(shown()).toEqual({ default: [], failures: ['both'], large: ['both'] });
    slack.failures.cutHanging();
    expect(await telling).toBe('told');
    expect(shown()).toEqual({ default: [], failures: ['both'], large: ['both'] });
  });

  it('make one dead letter of what one of them refuses; its replay is told there alone', async () => {
    const deadLetters: string[] = [];
    const put = (_: unknown, reason: string) => Promise.resolve(void deadLetters.push(reason));
    const notifier = await routed({ deadLetters: { put, [Symbol.asyncDispose]: () => Promise.resolve() } });
    const event = paid('both', 1_001n, aFailedEvent);
    slack.failures.failNext({ status: 400, body: 'invalid_blocks' });
    expect(await notifier.handle(asConsumed(event))).toBe('deadLettered');
    expect(deadLetters).toEqual(['Slack answered 400 invalid_blocks']);
    expect(await states(event.id)).toEqual({ failures: 'REFUSED', large: 'TOLD' });
    expect(await notifier.handle(asConsumed(event))).toBe('told');
    expect(shown()).toEqual({ default: [], failures: ['both'], large: ['both'] });
    expect(deadLetters).toHaveLength(1);
  });
});

describe('a channel', () => {
  it.each([
    ['blocks', ['blocks', 'text']],
    ['text', ['text']],
  ] as const)('of format %s is sent %j', async (format, keys) => {
    const channels = [{ name: 'default', webhookUrl: slack.default.webhook, format }];
    const notifier = await routed({ routing: routingBy({ channels, routes: [] }) });
    await notifier.handle(asConsumed(anEvent()));
    const body = JSON.parse(slack.default.requests()[0]?.body ?? '') as object;
    expect(Object.keys(body).toSorted()).toEqual(keys);
  });
});
