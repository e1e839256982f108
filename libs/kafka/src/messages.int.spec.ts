import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually, testServers } from '@payments/testing';
import kafkajs from 'kafkajs';
import { retry } from 'rxjs';

import type { ConsumedMessage } from './consumed-message.ts';
import { connectSocket } from './sockets.ts';
import { ledTopic } from './led-topic.fixture.ts';
import { messages$ } from './messages.ts';
import type { ConsumerOptions } from './messages.ts';
import { openProducer } from './producer.ts';

const { kafkaBrokers: brokers } = testServers();
const kafka = { brokers, clientId: 'messages-spec' };

/** Sends texts under one key, so that they lie in one partition in their order. */
async function fill(topic: string, texts: readonly string[], key = 'r-1'): Promise<void> {
  await using producer = openProducer({ kafka });
  await producer.send(
    texts.map((text) => ({ topic, key, value: Buffer.from(text), headers: { ce_id: text } })),
  );
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`);

const running: { stop: () => Promise<void> }[] = [];
afterEach(() => Promise.all(running.splice(0).map((reader) => reader.stop().catch(() => undefined))));

/** A consumer that keeps what it gets. It is stopped at the end of its spec, if not before. */
function consumer(options: Pick<ConsumerOptions, 'groupId' | 'topics'> & Partial<ConsumerOptions>) {
  const stop = new AbortController();
  const received: ConsumedMessage[] = [];
  const joined: number[] = [];
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  messages$({
    kafka,
    signal: stop.signal,
    drainTimeoutMs: 500,
    onJoined: (partitions) => joined.push(partitions.length),
    ...options,
  }).subscribe({ next: (message) => received.push(message), complete: resolve, error: reject });
  ended.catch(() => undefined);
  const reader = {
    received,
    texts: () => received.map(({ value }) => value.toString()),
    joined,
    ended,
    /** Waits until so many messages have come. */
    has: (count: number) => eventually(() => expect(received).toHaveLength(count), { timeoutMs: 30_000 }),
    stop: () => {
      stop.abort();
      return ended;
    },
  };
  running.push(reader);
  return reader;
}

const newGroup = (topic: string) => ({ groupId: `group-${randomUUID()}`, topics: [topic] });

async function asAdmin<T>(ask: (admin: kafkajs.Admin) => Promise<T>): Promise<T> {
  const admin = new kafkajs.Kafka({ ...kafka, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  return ask(admin).finally(() => admin.disconnect());
}

async function membersOf(groupId: string): Promise<string[]> {
  const { groups } = await asAdmin((admin) => admin.describeGroups([groupId]));
  return groups[0]?.members.map(({ memberId }) => memberId) ?? [];
}

/** The offsets that a group has committed, of the partitions where it has. */
async function committedBy(groupId: string, topic: string): Promise<string[]> {
  const [ofTopic] = await asAdmin((admin) => admin.fetchOffsets({ groupId, topics: [topic] }));
  return ofTopic?.partitions.map(({ offset }) => offset).filter((offset) => offset !== '-1') ?? [];
}

describe('the messages of a topic', () => {
  it('come from the beginning, with all that was sent', async () => {
    await using made = await ledTopic();
    await fill(made.topic, ['안녕'], '예약-1');
    const reader = consumer(newGroup(made.topic));
    await reader.has(1);
    const [message] = reader.received;
    expect(message).toMatchObject({
      topic: made.topic,
      offset: '0',
      key: '예약-1',
      headers: { ce_id: '안녕' },
    });
    expect(message?.value.toString()).toBe('안녕');
    expect(Math.abs(Date.now() - Number(message?.timestamp))).toBeLessThan(60_000);
    message?.ack();
    await reader.stop();
  });

  it('come again after a restart unless they were acked', async () => {
    await using made = await ledTopic();
    const group = newGroup(made.topic);
    await fill(made.topic, upTo(6));
    const first = consumer(group);
    await first.has(6);
    first.received.slice(0, 4).forEach((message) => message.ack());
    await first.stop();

    const second = consumer(group);
    await second.has(2);
    expect(second.texts()).toEqual(['m4', 'm5']);
    second.received.forEach((message) => message.ack());
    await second.stop();
  });

  it('come again from the first one that was not acked', async () => {
    await using made = await ledTopic();
    const group = newGroup(made.topic);
    await fill(made.topic, upTo(4));
    const first = consumer(group);
    await first.has(4);
    for (const index of [0, 2, 3]) first.received[index]?.ack();
    await first.stop();

    const second = consumer(group);
    await second.has(3);
    expect(second.texts()).toEqual(['m1', 'm2', 'm3']);
  });

  it('are all acked before the stream completes, when it is told to stop', async () => {
    await using made = await ledTopic();
    const group = newGroup(made.topic);
    await fill(made.topic, upTo(2));
    const first = consumer(group);
    await first.has(2);
    const stopped = first.stop();
    setTimeout(() => first.received.forEach((message) => message.ack()), 200);
    await stopped;

    await fill(made.topic, ['new']);
    const second = consumer(group);
    await second.has(1);
    expect(second.texts()).toEqual(['new']);
  });

  it('need not be waited for, when they are left', async () => {
    await using made = await ledTopic();
    const group = newGroup(made.topic);
    await fill(made.topic, upTo(2));
    const first = consumer(group);
    await first.has(2);
    first.received[0]?.ack();
    first.received[1]?.leave();
    const startedAt = performance.now();
    await first.stop();
    expect(performance.now() - startedAt).toBeLessThan(5000);

    const second = consumer(group);
    await second.has(1);
    expect(second.texts()).toEqual(['m1']);
  });
});

describe('a consumer that is slow to ack', () => {
  it('is paused, stays a member for longer than the session time-out, and then goes on', async () => {
    await using made = await ledTopic();
    const group = newGroup(made.topic);
    await fill(made.topic, upTo(20));
    const sessionTimeoutMs = 6000; // the least that a broker takes
    const reader = consumer({ ...group, sessionTimeoutMs, maxUncommitted: 4 });
    await reader.has(4);
    const members = await membersOf(group.groupId);
    await pause(sessionTimeoutMs + 2000);
    expect(reader.texts()).toEqual(upTo(4));
    expect(await membersOf(group.groupId)).toEqual(members);

    let acked = 0;
    await eventually(() => {
      for (; acked < reader.received.length; acked += 1) reader.received[acked]?.ack();
      expect(reader.received).toHaveLength(20);
    });
    expect(reader.texts()).toEqual(upTo(20));
    expect(reader.joined).toEqual([12]);
    await reader.stop();
  });
});

describe('a second member of the group', () => {
  it('takes partitions over; nothing is lost, and what was acked does not come again', async () => {
    await using made = await ledTopic();
    const group = newGroup(made.topic);
    const keys = Array.from({ length: 24 }, (_, index) => `r-${index}`);
    for (const key of keys) await fill(made.topic, [`${key}/acked`], key);
    const first = consumer({ ...group, commitIntervalMs: 60_000 });
    await first.has(24);
    first.received.forEach((message) => message.ack());
    const revoked = first.received[0]?.revoked;

    const second = consumer(group);
    await eventually(() => expect([first.joined.at(-1), second.joined.at(-1)]).toEqual([6, 6]), {
      timeoutMs: 30_000,
    });
    expect(revoked?.aborted).toBe(true);
    for (const key of keys) await fill(made.topic, [`${key}/new`], key);
    await eventually(() => expect(first.received.length + second.received.length).toBe(48), {
      timeoutMs: 30_000,
    });
    const fresh = [...first.texts().slice(24), ...second.texts()];
    expect(fresh.sort()).toEqual(keys.map((key) => `${key}/new`).sort());
  });
});

describe('trouble', () => {
  it('ends the stream, when the topic is not there', async () => {
    const reader = consumer(newGroup(`no-such-topic-${randomUUID()}`));
    await expect(reader.ended).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION', retriable: true });
  });

  it('ends the stream, when the brokers are gone', async () => {
    const reader = consumer({
      ...newGroup('any'),
      kafka: { brokers: ['127.0.0.1:1'], clientId: 'messages-spec' },
    });
    await expect(reader.ended).rejects.toMatchObject({ code: 'KafkaJSConnectionError', retriable: true });
  });

  it('ends the stream when the group gave the partitions away meanwhile: what was not acked would be passed over', async () => {
    await using made = await ledTopic();
    const group = newGroup(made.topic);
    await fill(made.topic, upTo(2));
    const sockets: Socket[] = [];
    const sessionTimeoutMs = 6000;
    const frozen = consumer({
      ...group,
      sessionTimeoutMs,
      socketFactory: (options) => {
        const socket = connectSocket(options);
        sockets.push(socket);
        return socket;
      },
    });
    await frozen.has(2);
    sockets.forEach((socket) => socket.pause());
    await eventually(async () => expect(await membersOf(group.groupId)).toEqual([]), { timeoutMs: 30_000 });
    sockets.forEach((socket) => socket.resume());
    await expect(frozen.ended).rejects.toMatchObject({ code: 'GROUP_REJOINED', retriable: true });
    expect(frozen.received[0]?.revoked.aborted).toBe(true);

    const next = consumer(group);
    await next.has(2);
  });

  it('ends the stream when the brokers go away, and a new subscription goes on where the acks end', async () => {
    await using made = await ledTopic();
    const group = newGroup(made.topic);
    await fill(made.topic, upTo(3));
    const sockets = new Set<ReturnType<typeof connectSocket>>();
    let away = false;
    const errors: unknown[] = [];
    const texts: string[] = [];
    const stop = new AbortController();
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    messages$({
      kafka,
      ...group,
      signal: stop.signal,
      drainTimeoutMs: 0,
      socketFactory: (options) => {
        const socket = connectSocket(away ? { ...options, port: 1 } : options);
        sockets.add(socket);
        return socket;
      },
    })
      .pipe(retry({ delay: (error) => Promise.resolve((away = false)).then(() => errors.push(error)) }))
      .subscribe({
        next: (message) => {
          texts.push(message.value.toString());
          if (texts.length === 1) message.ack();
        },
        complete: resolve,
      });
    await eventually(() => expect(texts).toHaveLength(3), { timeoutMs: 30_000 });
    await eventually(async () => expect(await committedBy(group.groupId, made.topic)).toEqual(['1']));

    away = true;
    for (const socket of sockets) socket.destroy(new Error('the broker is gone'));
    await eventually(() => expect(texts).toHaveLength(5), { timeoutMs: 50_000 });
    expect(texts).toEqual(['m0', 'm1', 'm2', 'm1', 'm2']);
    expect(errors).toMatchObject([{ name: 'KafkaError', retriable: true }]);
    stop.abort();
    await ended;
  });
});
