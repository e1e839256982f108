import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openProducer } from '@payments/kafka';
import {
  eventually,
  startSlackStandIn,
  testServers,
  throwAwayDatabase,
  throwAwayTopic,
} from '@payments/testing';
import type { SlackStandIn } from '@payments/testing';
import kafkajs from 'kafkajs';
import { lastValueFrom, tap } from 'rxjs';
import { aFailedEvent, anEvent } from './event/an-event.fixture.ts';
import type { AnEvent } from './event/an-event.fixture.ts';
import { notifier } from './consume/notifier.ts';
import { paymentMessages$ } from './consume/payment-messages.ts';
import { aNotifier } from './a-notifier.fixture.ts';
import type { Told } from './consume/handle-message.ts';

let stack: AsyncDisposableStack;
let slack: SlackStandIn;
let topic: string;
let databaseUrl: string;
const groupId = () => `notifier-${randomUUID()}`;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  slack = stack.use(await startSlackStandIn());
  topic = stack.use(await throwAwayTopic('payment-event')).topic;
  databaseUrl = stack.use(await throwAwayDatabase()).url;
});
afterEach(() => stack.disposeAsync());

const kafka = () => ({ brokers: testServers().kafkaBrokers, clientId: 'notifier-spec' });
const texts = () => slack.received().map(({ text }) => text);
const of = (user: string) => texts().filter((text) => text.includes(`by user ${user}`));
const seen = (count: number, list: () => readonly unknown[] = texts) =>
  eventually(() => expect(list()).toHaveLength(count), { timeoutMs: 90_000 });

async function send(...events: (AnEvent & { value: Uint8Array })[]): Promise<void> {
  await using producer = openProducer({ kafka: kafka() });
  // One at a time: a partition that is not led yet refuses its message, and no other is sent twice for it.
  for (const event of events)
    await eventually(() => producer.send([{ ...event, topic }]), { timeoutMs: 60_000 });
}

/** Runs a notifier on the topic; `stop` is SIGTERM's way. */
async function run(options: { group: string; databaseUrl?: string }) {
  const own = { databaseUrl: options.databaseUrl ?? databaseUrl, webhookUrl: slack.webhook };
  const one = stack.use(await aNotifier(own));
  const told: Told[] = [];
  const health = { ready: () => undefined, notReady: () => undefined };
  const reading = {
    kafka: kafka(),
    groupId: options.group,
    topic,
    drainTimeoutMs: 5000,
    sessionTimeoutMs: 10_000,
    health,
  };
  const messages$ = paymentMessages$({ ...reading, stop: one.stop.signal, log: one.log });
  const told$ = notifier({ messages$, handle: one.handle }).pipe(tap((what) => told.push(what)));
  const ended = lastValueFrom(told$, { defaultValue: null });
  const stop = () => {
    one.stop.abort();
    return ended;
  };
  stack.defer(async () => void (await stop()));
  return { ...one, told, stop };
}

/** The offsets that a group has committed, of the partitions where it has. */
async function committedBy(group: string): Promise<string[]> {
  const admin = new kafkajs.Kafka({ ...kafka(), logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  const offsets = admin.fetchOffsets({ groupId: group, topics: [topic] });
  const [ofTopic] = await offsets.finally(() => admin.disconnect());
  return (ofTopic?.partitions ?? []).map(({ offset }) => offset).filter((offset) => offset !== '-1');
}

describe('the notifier', () => {
  it('tells what is in the topic, also from before it started, and drops a repeated message id', async () => {
    const [first, second] = [
      anEvent({ payment: { userId: 'first' } }),
      anEvent({ payment: { userId: 'second' } }),
    ];
    await send(first, first, second, first);
    const { told } = await run({ group: groupId() });
    await seen(4, () => told);
    expect([...told].sort()).toEqual(['repeatDropped', 'repeatDropped', 'told', 'told']);
    expect([of('first').length, of('second').length]).toEqual([1, 1]);
  });

  it('tells the payments of each reservation in order', async () => {
    const reservations = ['r-1', 'r-2', 'r-3', 'r-4'];
    const events = [1, 2, 3].flatMap((round) =>
      reservations.map((reservationId) => {
        const payment = { reservationId, userId: `${reservationId}-${String(round)}` };
        return round === 1 ? anEvent({ payment }) : aFailedEvent({ payment });
      }),
    );
    await send(...events);
    await run({ group: groupId() });
    await seen(events.length);
    for (const reservationId of reservations) {
      const told = texts().filter((text) => text.includes(`reservation ${reservationId} `));
      const rounds = told.map((text) => /by user r-\d-(\d)/.exec(text)?.[1]);
      expect(rounds).toEqual(['1', '2', '3']);
      expect(told.map((text) => text[0])).toEqual(['✅', '❌', '❌']);
    }
  });

  it('tells what lies behind messages that can never be told, of the same partition too', async () => {
    const good = anEvent({ payment: { userId: 'behind' } });
    const undecodable = { ...anEvent(), key: good.key, value: Buffer.from([0xff, 0xff]) };
    const { headers } = anEvent();
    const unknown = { ...anEvent(), headers: { ...headers, ce_type: 'payment.v9.PaymentDreamt' } };
    const refused = anEvent({ payment: { userId: 'refused' } });
    slack.failNext({ status: 400, body: 'invalid_blocks' });
    await send(refused, undecodable, unknown, good);
    const { told, lines } = await run({ group: groupId() });
    await seen(4, () => told);
    expect([...told].sort()).toEqual(['deadLettered', 'deadLettered', 'skipped', 'told']);
    expect(of('behind')).toHaveLength(1);
    const reasons = lines
      .filter(({ level }) => level === 'error')
      .map(({ reason, offset }) => [reason, offset]);
    expect(reasons).toEqual([
      [expect.stringContaining('not a payment.v1.PaymentEvent'), '1'],
      ['Slack answered 400 invalid_blocks', '0'],
    ]);
  });

  it('commits the offset of what is told, and of nothing that is not', async () => {
    const group = groupId();
    await send(...['one', 'two', 'three'].map((userId) => anEvent({ payment: { userId } })));
    const first = await run({ group });
    slack.onMessage(({ text }) => text.includes('one') && slack.failAlways({ status: 403 }));
    await eventually(() => expect(first.unready.has('slack')).toBe(true), { timeoutMs: 90_000 });
    // The last commit at a stop is given up after 5 s, and what it held would rightly be told again.
    await eventually(async () => expect(await committedBy(group)).toEqual(['1']), { timeoutMs: 60_000 });
    await first.stop();
    expect(of('one')).toHaveLength(1);
    slack.recover();
    // With another, empty inbox nothing but the offsets keeps what was told from being told again.
    const empty = stack.use(await throwAwayDatabase());
    const second = await run({ group, databaseUrl: empty.url });
    await seen(3);
    await second.stop();
    expect([of('one').length, of('two').length, of('three').length]).toEqual([1, 1, 1]);
    expect(second.told).toEqual(['told', 'told']);
  });

  it('obeys the rate limit of Slack: everything arrives, none is told twice', async () => {
    await using limited = await startSlackStandIn({ rateLimit: { perSecond: 1, burst: 1 } });
    const events = [1, 2, 3].map((n) => anEvent({ payment: { reservationId: `r-${String(n)}` } }));
    await send(...events);
    slack = limited;
    const { told } = await run({ group: groupId() });
    await seen(3, () => told);
    expect(told).toEqual(['told', 'told', 'told']);
    expect(limited.received()).toHaveLength(3);
    const [one = '', two = '', three = ''] = limited.received().map(({ at }) => at);
    expect(Date.parse(two) - Date.parse(one)).toBeGreaterThanOrEqual(990);
    expect(Date.parse(three) - Date.parse(two)).toBeGreaterThanOrEqual(990);
  });

  it('keeps its partitions while it waits for Slack for longer than a session lasts', async () => {
    await send(...[1, 2].map((n) => anEvent({ payment: { userId: `u-${String(n)}` } })));
    slack.failNext({ status: 429, retryAfterSeconds: 13 });
    // Without heartbeats meanwhile the group would give the partitions away, and they would be read anew.
    const { told, lines } = await run({ group: groupId() });
    await seen(2, () => told);
    expect(told).toEqual(['told', 'told']);
    expect(texts()).toHaveLength(2);
    expect(lines.filter(({ msg }) => msg === 'ready: reading payment events')).toHaveLength(1);
  });
});
