import type { Admin } from 'kafkajs';

import { KafkaError } from './kafka-error.ts';
import { openClient, retryTimesOf } from './open-client.ts';
import type { ClientOptions } from './open-client.ts';

/** Where a partition's messages lie, from `low` on and before `high`, and where a group goes on, if it ever committed. */
export type PartitionOffsets = {
  partition: number;
  low: bigint;
  high: bigint;
  committed: bigint | undefined;
};

/**
 * The offsets of a topic's partitions, in their order; undefined when there is no such topic.
 * @param options.timeoutMs bounds each request: 15,000 when not given
 * @throws KafkaError
 */
export async function readOffsets(
  options: ClientOptions & { topic: string; groupId: string; timeoutMs?: number },
): Promise<PartitionOffsets[] | undefined> {
  const { topic, groupId, timeoutMs = 15_000 } = options;
  const client = openClient({ ...options, requestTimeoutMs: timeoutMs });
  const admin = client.kafka.admin({ retry: retryTimesOf(2) });
  try {
    await admin.connect();
    if (!(await admin.listTopics()).includes(topic)) return undefined;
    return await offsetsOf(admin, { topic, groupId });
  } catch (error) {
    throw KafkaError.from(error);
  } finally {
    client.destroy();
  }
}

/** The offsets of a topic that is there, over a connection that is open. Rejects with what kafkajs throws. */
export async function offsetsOf(
  admin: Admin,
  { topic, groupId }: { topic: string; groupId: string },
): Promise<PartitionOffsets[]> {
  const [ends, groups] = await Promise.all([
    admin.fetchTopicOffsets(topic),
    admin.fetchOffsets({ groupId, topics: [topic] }),
  ]);
  const committed = new Map(groups[0]?.partitions.map(({ partition, offset }) => [partition, offset]));
  return ends
    .map(({ partition, low, high }) => ({
      partition,
      low: BigInt(low),
      high: BigInt(high),
      committed: committedOffset(committed.get(partition)),
    }))
    .sort((one, other) => one.partition - other.partition);
}

/** Kafka answers -1 where a group has committed nothing. */
function committedOffset(offset: string | undefined): bigint | undefined {
  return offset === undefined || BigInt(offset) < 0n ? undefined : BigInt(offset);
}
