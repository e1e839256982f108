import kafkajs from 'kafkajs';
import type { RecordMetadata } from 'kafkajs';

import { partitionName } from './assignment.ts';
import { KafkaError } from './kafka-error.ts';
import { murmur2 } from './murmur2.ts';
import type { PartitionMetadata, PatchedPartitioner } from './patched-partitioner.ts';
import type { SentMessage } from './producer.ts';

/** Which partitions the messages of a send go to. */
export type SentPartitions = {
  /** Groups the messages of a request by partition, chosen as Java does (murmur2 of the key), and notes the partitions. */
  groupMessages: PatchedPartitioner['groupMessages'];
  /**
   * A name of the partition a message goes to. Before the first send to its topic nobody knows how many partitions that
   * has: then all of its messages are taken to go to one.
   */
  partitionOf: (message: { topic: string; key: string | Buffer | null }) => string;
  /** Messages without a key go to another partition than in the send before. */
  beginSend(): void;
  /** Forgets the notes of the request before. */
  beginRequest(): void;
  /**
   * Compares what kafkajs returned with what was sent. kafkajs leaves a partition out and resolves all the same when its
   * leader moves to a broker that has answered already, and when it has no metadata of the partition.
   * @throws KafkaError `PARTITION_NOT_ANSWERED`
   */
  verify(returned: readonly RecordMetadata[]): void;
};

/** A topic as it was at the last request. `names`: of its partitions; without a key, one for all messages of a send. */
type Topic = { partitionMetadata: PartitionMetadata; names: string[]; withoutKey: number | undefined };

/** Notes the partitions of one producer's sends. */
export function noteSentPartitions(): SentPartitions {
  const chooseWithoutKey = kafkajs.Partitioners.DefaultPartitioner();
  const topics = new Map<string, Topic>();
  const sent = new Set<string>();

  const partitionIn = (topic: Topic, name: string, key: string | Buffer | null): number => {
    const { partitionMetadata } = topic;
    if (key !== null) return (murmur2(key) & 0x7fffffff) % partitionMetadata.length;
    // Java's is sticky, too: a partition for all of them, so that what they bring it is known beforehand.
    const message = { key, value: null };
    return (topic.withoutKey ??= chooseWithoutKey({ topic: name, partitionMetadata, message }));
  };

  return {
    groupMessages: ({ topic: name, partitionMetadata, messages }) => {
      const topic = updated(topics, name, partitionMetadata);
      const groups: Record<number, SentMessage[]> = {};
      for (const message of messages) {
        const partition = partitionIn(topic, name, message.key);
        (groups[partition] ??= []).push(message);
      }
      for (const partition in groups) sent.add(topic.names[partition] ?? name);
      return groups;
    },
    partitionOf: ({ topic: name, key }) => {
      const topic = topics.get(name);
      return topic?.names[partitionIn(topic, name, key)] ?? name;
    },
    beginSend: () => topics.forEach((topic) => (topic.withoutKey = undefined)),
    beginRequest: () => sent.clear(),
    verify: (returned) => {
      const answered = new Set(
        returned
          .filter(isAppended)
          .map((one) => partitionName({ topic: one.topicName, partition: one.partition })),
      );
      const missing = [...sent].filter((partition) => !answered.has(partition));
      if (missing.length === 0) return;
      throw new KafkaError('PARTITION_NOT_ANSWERED', `Kafka did not acknowledge ${missing.join(', ')}`);
    },
  };
}

const noPartitions = (): Pick<Topic, 'names' | 'withoutKey'> => ({ names: [], withoutKey: undefined });

/** The topic with what is known of its partitions now. */
function updated(topics: Map<string, Topic>, name: string, partitionMetadata: PartitionMetadata): Topic {
  const { names, withoutKey } = topics.get(name) ?? noPartitions();
  for (let partition = names.length; partition < partitionMetadata.length; partition++)
    names.push(partitionName({ topic: name, partition }));
  const topic = { partitionMetadata, names, withoutKey };
  topics.set(name, topic);
  return topic;
}

function isAppended({ errorCode, baseOffset }: RecordMetadata): boolean {
  return errorCode === 0 && baseOffset !== undefined && BigInt(baseOffset) >= 0n;
}
