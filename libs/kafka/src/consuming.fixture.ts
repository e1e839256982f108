import { randomUUID } from 'node:crypto';

import { expect } from '@jest/globals';
import { eventually, testServers } from '@payments/testing';
import kafkajs from 'kafkajs';

import type { ConsumedMessage } from './consumed-message.ts';
import { messages$ } from './messages.ts';
import type { ConsumerOptions } from './messages.ts';
import { openProducer } from './producer.ts';

/** The run's Kafka. */
export const kafka = { brokers: testServers().kafkaBrokers, clientId: 'messages-spec' };

/** Sends texts under one key, so that they lie in one partition in their order. */
export async function fill(topic: string, texts: readonly string[], key = 'r-1'): Promise<void> {
  await using producer = openProducer({ kafka });
  await producer.send(
    texts.map((text) => ({ topic, key, value: Buffer.from(text), headers: { ce_id: text } })),
  );
}

/** The texts `m0`, `m1`, … */
export const upTo = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`);

const running: { stop: () => Promise<void> }[] = [];

/** Stops what {@link consumer} started: for `afterEach`. */
export async function stopConsumers(): Promise<void> {
  await Promise.all(running.splice(0).map((reader) => reader.stop().catch(() => undefined)));
}

/** A consumer that keeps what it gets. Stop it, or call {@link stopConsumers}. */
export function consumer(options: Pick<ConsumerOptions, 'groupId' | 'topics'> & Partial<ConsumerOptions>) {
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
    has: (count: number) => eventually(() => expect(received).toHaveLength(count)),
    stop: () => {
      stop.abort();
      return ended;
    },
  };
  running.push(reader);
  return reader;
}

/** A group that nobody was in yet. */
export const newGroup = (topic: string) => ({ groupId: `group-${randomUUID()}`, topics: [topic] });

async function asAdmin<T>(ask: (admin: kafkajs.Admin) => Promise<T>): Promise<T> {
  const admin = new kafkajs.Kafka({ ...kafka, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  return ask(admin).finally(() => admin.disconnect());
}

/** The ids of a group's members. */
export async function membersOf(groupId: string): Promise<string[]> {
  const { groups } = await asAdmin((admin) => admin.describeGroups([groupId]));
  return groups[0]?.members.map(({ memberId }) => memberId) ?? [];
}

/** The offsets that a group has committed, of the partitions where it has. */
export async function committedBy(groupId: string, topic: string): Promise<string[]> {
  const [ofTopic] = await asAdmin((admin) => admin.fetchOffsets({ groupId, topics: [topic] }));
  return ofTopic?.partitions.map(({ offset }) => offset).filter((offset) => offset !== '-1') ?? [];
}
