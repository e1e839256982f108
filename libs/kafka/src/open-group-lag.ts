import type { Admin } from 'kafkajs';

import { KafkaError } from './kafka-error.ts';
import { openClient, retryTimesOf } from './open-client.ts';
import type { Client, ClientOptions } from './open-client.ts';
import { offsetsOf } from './read-offsets.ts';

/** How many messages of a partition a group has not committed. */
export type PartitionLag = { topic: string; partition: number; lag: number };

/** Asks again and again how far a group is behind. */
export type GroupLag = AsyncDisposable & {
  /**
   * The partitions of the topics that are there. A group that has committed nothing has all of a partition before it, and one
   * whose next message Kafka has deleted by now has what is left. One call at a time.
   * @throws KafkaError; the next call begins with other connections
   */
  read(): Promise<PartitionLag[]>;
};

/**
 * Asks the brokers, not a consumer: so it tells the truth of a group that is stuck, paused or not there. Keeps its connections,
 * made when it is first asked.
 * @param options.timeoutMs bounds each request, which is repeated once
 */
export function openGroupLag(
  options: ClientOptions & { groupId: string; topics: readonly string[]; timeoutMs: number },
): GroupLag {
  const { groupId, topics, timeoutMs } = options;
  let kept: { client: Client; admin: Admin } | undefined;
  const forget = () => {
    kept?.client.destroy();
    kept = undefined;
  };
  const connected = async () => {
    if (kept) return kept.admin;
    const client = openClient({ ...options, requestTimeoutMs: timeoutMs });
    const admin = client.kafka.admin({ retry: retryTimesOf(1) });
    kept = { client, admin };
    await admin.connect();
    return admin;
  };
  return {
    async read() {
      try {
        const admin = await connected();
        const there = await admin.listTopics();
        const asked = topics.filter((topic) => there.includes(topic));
        return (await Promise.all(asked.map((topic) => lagOf(admin, { groupId, topic })))).flat();
      } catch (thrown) {
        forget();
        throw KafkaError.from(thrown);
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(forget()),
  };
}

async function lagOf(admin: Admin, at: { groupId: string; topic: string }): Promise<PartitionLag[]> {
  const offsets = await offsetsOf(admin, at);
  return offsets.map(({ partition, low, high, committed = low }) => {
    const next = committed < low ? low : committed;
    return { topic: at.topic, partition, lag: Math.max(0, Number(high - next)) };
  });
}
