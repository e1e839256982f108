import { randomUUID } from 'node:crypto';

import { eventually } from '@payments/testing';
import kafkajs from 'kafkajs';

/** A message as it lies in the log. */
export type LoggedMessage = {
  partition: number;
  key: string;
  value: string;
  headers: Record<string, string>;
};

/** Everything in a topic, each partition's messages in their order: read by bare kafkajs up to the end of each log. */
export async function readTopic(brokers: readonly string[], topic: string): Promise<LoggedMessage[]> {
  const kafka = new kafkajs.Kafka({
    brokers: [...brokers],
    clientId: 'reader',
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const missing = await endsOf(kafka, topic);
  const found: LoggedMessage[] = [];
  if (missing.size === 0) return found;
  const consumer = kafka.consumer({
    groupId: `reader-${randomUUID()}`,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 100,
  });
  const { promise: all, resolve } = Promise.withResolvers<void>();
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: ({ partition, message }) => {
      found.push({
        partition,
        key: String(message.key),
        value: String(message.value),
        headers: Object.fromEntries(
          Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
        ),
      });
      if (BigInt(message.offset) + 1n >= (missing.get(partition) ?? 0n)) missing.delete(partition);
      if (missing.size === 0) resolve();
      return Promise.resolve();
    },
  });
  await all;
  await consumer.disconnect();
  return found;
}

/** The values in a topic, in no particular order of partitions. */
export async function valuesIn(brokers: readonly string[], topic: string): Promise<string[]> {
  return (await readTopic(brokers, topic)).map(({ value }) => value);
}

/** The offset behind the last message of each partition that has any. */
async function endsOf(kafka: kafkajs.Kafka, topic: string): Promise<Map<number, bigint>> {
  const admin = kafka.admin();
  await admin.connect();
  // A leader that has just been elected is not known everywhere.
  const offsets = await eventually(() => admin.fetchTopicOffsets(topic));
  await admin.disconnect();
  const filled = offsets.filter(({ high }) => BigInt(high) > 0n);
  return new Map(filled.map(({ partition, high }) => [partition, BigInt(high)]));
}
