import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { context, trace } from '@opentelemetry/api';
import { readDeadLetterMark } from '@payments/contracts';
import { readOffsets, readRanges$ } from '@payments/kafka';
import type { ConsumedMessage, RawRecord, ReadMessage } from '@payments/kafka';
import { eventually, tcpProxy, testServers, throwAwayTopic } from '@payments/testing';
import kafkajs from 'kafkajs';
import { lastValueFrom, toArray } from 'rxjs';
import { asConsumed } from '../a-notifier.fixture.ts';
import { anEvent } from '../event/an-event.fixture.ts';
import { openTally } from '../tally.ts';
import { keepTraces } from '../traces.fixture.ts';
import { openDeadLetters } from './open-dead-letters.ts';

const kafka = { brokers: testServers().kafkaBrokers, clientId: 'dead-letters-spec' };
const traces = keepTraces();
const groupId = () => `dead-letters-${randomUUID()}`;

let stack: AsyncDisposableStack;
let topic: string;
beforeEach(() => {
  stack = new AsyncDisposableStack();
  topic = `dlt-${randomUUID()}`;
});
afterEach(() => stack.disposeAsync());

/** The topic, made before and with settings of its own. */
const makeTopic = async (config: Record<string, string>) =>
  (topic = stack.use(await throwAwayTopic('dlt', { partitions: 1, config })).topic);

function open(options: { topic?: string; brokers?: string[] } = {}) {
  const [stop, grace, tally] = [new AbortController(), new AbortController(), openTally()];
  const unready = new Map<string, string>();
  type Line = { level: string; text: string | undefined; fields: Record<string, unknown>; traceId: unknown };
  const lines: Line[] = [];
  const write = (level: string) => (fields: object, text?: string) =>
    void lines.push({ level, text, fields: { ...fields }, traceId: activeTrace() });
  const deadLetters = openDeadLetters({
    kafka: { ...kafka, brokers: options.brokers ?? kafka.brokers },
    groupId: 'payment-notifier',
    topic: options.topic ?? topic,
    backoffMs: { minMs: 20, maxMs: 100 },
    tally,
    health: {
      ready: (part) => void unready.delete(part),
      notReady: (part, reason) => void unready.set(part, reason),
    },
    log: { warn: write('warn'), error: write('error') } as Parameters<typeof openDeadLetters>[0]['log'],
    stop: stop.signal,
    grace: grace.signal,
  });
  stack.use(deadLetters);
  return { ...deadLetters, tally, unready, lines, stop, grace };
}

const activeTrace = () => trace.getActiveSpan()?.spanContext().traceId;

const aMessage = (raw: Partial<RawRecord> = {}, revoked?: AbortSignal): ConsumedMessage => {
  const message = asConsumed(anEvent(), revoked);
  return { ...message, raw: { ...message.raw, ...raw } };
};
const several = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    ...aMessage({ value: randomBytes(200) }),
    offset: String(index),
  }));

/** All dead letters there are. */
async function letters(): Promise<ReadMessage[]> {
  const [offsets] = (await readOffsets({ kafka, topic, groupId: groupId() })) ?? [];
  const ranges = [{ partition: 0, from: 0n, until: offsets?.high ?? 0n }];
  return await lastValueFrom(readRanges$({ kafka, topic, groupId: groupId(), ranges }).pipe(toArray()));
}

describe('dead letters', () => {
  it('are in Kafka when they are put, byte for byte and in their order', async () => {
    const deadLetters = open();
    const messages = several(50);
    await Promise.all(messages.map((message) => deadLetters.put(message, `reason ${message.offset}`)));
    const found = (await letters()).map(({ raw }) => ({ ...raw, ...readDeadLetterMark(raw.headers) }));
    expect(found.map(({ key, value, headers }) => ({ key, value, headers }))).toEqual(
      messages.map(({ raw }) => raw),
    );
    expect(found.map(({ mark }) => [mark?.offset, mark?.reason])).toEqual(
      messages.map(({ offset }) => [offset, `reason ${offset}`]),
    );
  });

  it('go together while one is on its way', async () => {
    const deadLetters = open();
    await Promise.all(several(2_000).map((message) => deadLetters.put(message, 'garbage')));
    const found = await letters();
    expect(found).toHaveLength(2_000);
    // kafkajs stamps what goes in one request with one time: one by one they would have hundreds.
    expect(new Set(found.map(({ timestamp }) => Number(timestamp))).size).toBeLessThan(10);
  });

  it('have their topic before there is any, with one partition, kept for 30 days and with room for our headers', async () => {
    open();
    const offsets = () => readOffsets({ kafka, topic, groupId: groupId() });
    await eventually(async () => expect(await offsets()).toHaveLength(1));
    expect(await settingsOf(topic)).toMatchObject({
      'retention.ms': '2592000000',
      'max.message.bytes': '8388608',
    });
  });

  it('fit in, though a message was as large as its topic takes', async () => {
    const deadLetters = open();
    await deadLetters.put(aMessage({ value: randomBytes(1_048_000), headers: [] }), 'x'.repeat(900));
    expect((await letters())[0]?.value).toHaveLength(1_048_000);
    expect(deadLetters.tally.deadLetterRefused).toBe(0);
  });
});

describe('a dead letter that Kafka refuses for good', () => {
  it('does not hold up the others, is counted, and its place is said', async () => {
    await makeTopic({ 'max.message.bytes': '10000' });
    const deadLetters = open();
    const messages = several(20);
    for (const index of [3, 4, 17]) messages[index]!.raw = { ...aMessage().raw, value: randomBytes(20_000) };
    await Promise.all(messages.map((message) => deadLetters.put(message, 'garbage')));
    const origins = (await letters()).map(({ raw }) => readDeadLetterMark(raw.headers)?.mark.offset);
    // In halves some may go twice; the first of each is in its place.
    expect([...new Set(origins)]).toEqual(
      messages.map(({ offset }) => offset).filter((offset) => !['3', '4', '17'].includes(offset)),
    );
    expect(deadLetters.tally.deadLetterRefused).toBe(3);
    const refusals = deadLetters.lines.filter(({ fields }) => fields['code'] === 'MESSAGE_TOO_LARGE');
    expect(refusals.map(({ level, fields }) => [level, fields['topic'], fields['offset']])).toEqual([
      ['error', 'payment-event', '3'],
      ['error', 'payment-event', '4'],
      ['error', 'payment-event', '17'],
    ]);
    expect(deadLetters.unready.size).toBe(0);
  });
});

describe('while Kafka does not take dead letters', () => {
  it('they wait for it, un-ready with a line for each attempt, and are there once it is back', async () => {
    const proxy = stack.use(await tcpProxy({ target: kafka.brokers[0] ?? '' }));
    await proxy.refuse();
    const deadLetters = open({ brokers: [proxy.address] });
    const put = deadLetters.put(aMessage(), 'garbage');
    await eventually(() => expect(deadLetters.lines.length).toBeGreaterThan(2));
    expect(deadLetters.lines.map(({ fields }) => fields['attempt']).slice(0, 3)).toEqual([1, 2, 3]);
    expect(deadLetters.unready.get('dead-letters')).toMatch(/ECONNREFUSED|connect/i);
    await proxy.accept();
    await put;
    expect(deadLetters.unready.size).toBe(0);
    expect(await letters()).toHaveLength(1);
  });

  it('they wait until their topic is there again, which is made anew', async () => {
    const deadLetters = open();
    await deadLetters.put(aMessage(), 'before');
    await deleteTopic(topic);
    await deadLetters.put(aMessage(), 'after');
    const reasons = (await letters()).map(({ raw }) => readDeadLetterMark(raw.headers)?.mark.reason);
    expect(reasons).toEqual(['after']);
    expect(deadLetters.tally.deadLetterRefused).toBe(0);
  });

  it('they wait where their topic cannot be, and at a stop they are given up with its reason', async () => {
    const deadLetters = open({ topic: 'no such name' });
    const put = deadLetters.put(aMessage(), 'garbage');
    const ended = put.then(() => 'put', String);
    await eventually(() => expect(deadLetters.unready.has('dead-letters')).toBe(true));
    deadLetters.stop.abort(new Error('the stop'));
    expect(await ended).toBe('Error: the stop');
    await expect(deadLetters.put(aMessage(), 'garbage')).rejects.toThrow('the stop');
    expect(deadLetters.tally.deadLetterRefused).toBe(0);
  });

  it('are logged each with its own trace, whosever sent them all', async () => {
    const deadLetters = open();
    const tracer = trace.getTracer('spec');
    const [first, second] = ['one', 'other'].map((name) => tracer.startSpan(name));
    const put = (span = first) =>
      context.with(trace.setSpan(context.active(), span!), () => deadLetters.put(aMessage(), 'garbage'));
    await put(first);
    await Promise.all([put(first), put(second)]);
    const [one, other] = [first, second].map((span) => span?.spanContext().traceId);
    expect(deadLetters.lines.map(({ traceId }) => traceId)).toEqual([one, one, other]);
    expect(traces.spans()).toEqual([]);
  });

  it('one whose partition goes to another is given up, and the others are not', async () => {
    const proxy = stack.use(await tcpProxy({ target: kafka.brokers[0] ?? '' }));
    await proxy.refuse();
    const deadLetters = open({ brokers: [proxy.address] });
    const rebalance = new AbortController();
    const revoked = deadLetters.put(aMessage({}, rebalance.signal), 'revoked').then(() => 'put', String);
    const kept = deadLetters.put(aMessage(), 'kept');
    rebalance.abort(new Error('the rebalance'));
    await proxy.accept();
    await kept;
    expect(await revoked).toBe('Error: the rebalance');
    expect(await letters()).toHaveLength(1);
  });

  it('none that waits any more keeps the process from being ready', async () => {
    const proxy = stack.use(await tcpProxy({ target: kafka.brokers[0] ?? '' }));
    await proxy.refuse();
    const deadLetters = open({ brokers: [proxy.address] });
    const isUnready = (is: boolean) =>
      eventually(() => expect(deadLetters.unready.has('dead-letters')).toBe(is));
    await isUnready(true);
    await proxy.accept();
    await isUnready(false);
    // Its topic is there, and its producer is not connected yet.
    await proxy.refuse();
    const rebalance = new AbortController();
    const inSpan = trace.setSpan(context.active(), trace.getTracer('spec').startSpan('of a message'));
    const message = aMessage({}, rebalance.signal);
    const put = context.with(inSpan, () => deadLetters.put(message, 'garbage').then(() => 'put', String));
    await isUnready(true);
    rebalance.abort(new Error('the rebalance'));
    expect(await put).toBe('Error: the rebalance');
    await isUnready(false);
    // What is waited for is no message's own affair.
    expect(deadLetters.lines.filter(({ traceId }) => traceId !== undefined)).toEqual([]);
  });

  it('closing gives up what waits', async () => {
    const deadLetters = open({ brokers: ['127.0.0.1:1'] });
    const ended = deadLetters.put(aMessage(), 'garbage').then(() => 'put', String);
    await deadLetters[Symbol.asyncDispose]();
    expect(await ended).toMatch(/closed/);
  });
});

async function asAdmin<T>(ask: (admin: kafkajs.Admin) => Promise<T>): Promise<T> {
  const admin = new kafkajs.Kafka({ ...kafka, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  return ask(admin).finally(() => admin.disconnect());
}

async function settingsOf(name: string): Promise<Record<string, string>> {
  const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name }];
  const described = await asAdmin((admin) => admin.describeConfigs({ includeSynonyms: false, resources }));
  const entries = described.resources[0]?.configEntries ?? [];
  return Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]));
}

async function deleteTopic(name: string): Promise<void> {
  await asAdmin(async (admin) => {
    await admin.deleteTopics({ topics: [name] });
    await eventually(async () => expect(await admin.listTopics()).not.toContain(name));
  });
}
