import { readWithKafkaConsole, type ConsoleRecord, type RunningKafka } from '@payments/servers';
import type { Committed, Delivered } from './check-history.ts';
import { ask } from './relay-fleet.fixture.ts';

/** Every message of a transaction that committed, as the database tells. */
export function readCommitted(databaseUrl: string): Promise<Committed[]> {
  return ask<Committed & { part: number }>(
    databaseUrl,
    'select id, topic, key, version, part, value from history.message',
  );
}

/** Every record of the topics, each partition's in order, as Kafka's own Java client reads them up to the end of each partition. */
export async function readDelivered(kafka: RunningKafka, topics: readonly string[]): Promise<Delivered[]> {
  const records = await Promise.all(topics.map((topic) => readTopic(kafka, topic)));
  return records.flat();
}

async function readTopic(kafka: RunningKafka, topic: string): Promise<Delivered[]> {
  const count = await kafka.recordsAppended(topic);
  const records = await readWithKafkaConsole({ brokers: kafka.brokers, topic, count });
  // Partitions are read side by side: what was appended meanwhile may have come in place of what was there.
  const more = (await kafka.recordsAppended(topic)) > count;
  return more ? readTopic(kafka, topic) : records.map((record) => toDelivered(topic, record));
}

function toDelivered(topic: string, { partition, key, value, headers }: ConsoleRecord): Delivered {
  const named = headers.map(({ name, value }) => [name, value?.toString() ?? null] as const);
  return {
    id: named.find(([name]) => name === 'ce_id')?.[1] ?? '',
    topic,
    partition,
    key: key?.toString() ?? '',
    value: value?.toString() ?? '',
    headers: JSON.stringify(named),
  };
}
