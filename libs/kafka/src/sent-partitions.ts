import kafkajs from 'kafkajs';
import type { ICustomPartitioner, RecordMetadata } from 'kafkajs';

import { partitionName } from './assignment.ts';
import { KafkaError } from './kafka-error.ts';

/** Which partitions the messages of a send go to. */
export type SentPartitions = {
  /** The partitioner to give to kafkajs: Java's (murmur2 of the key), with a note of each choice. */
  createPartitioner: ICustomPartitioner;
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

type Partitioner = ReturnType<ICustomPartitioner>;

/** Notes the partitions of one producer's sends. */
export function noteSentPartitions(): SentPartitions {
  const chooseByKey: Partitioner = kafkajs.Partitioners.DefaultPartitioner();
  const metadata = new Map<string, Parameters<Partitioner>[0]['partitionMetadata']>();
  const sent = new Set<string>();
  /** Java's is sticky, too: a partition for all of them, so that what they bring it is known beforehand. */
  const withoutKey = new Map<string, number>();
  const choose: Partitioner = (message) => {
    if (message.message.key != null) return chooseByKey(message);
    const partition = withoutKey.get(message.topic) ?? chooseByKey(message);
    withoutKey.set(message.topic, partition);
    return partition;
  };
  return {
    createPartitioner: () => (message) => {
      const partition = choose(message);
      metadata.set(message.topic, message.partitionMetadata);
      sent.add(partitionName({ topic: message.topic, partition }));
      return partition;
    },
    partitionOf: ({ topic, key }) => {
      const partitionMetadata = metadata.get(topic);
      if (!partitionMetadata) return topic;
      const partition = choose({ topic, partitionMetadata, message: { key, value: null } });
      return partitionName({ topic, partition });
    },
    beginSend: () => withoutKey.clear(),
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

function isAppended({ errorCode, baseOffset }: RecordMetadata): boolean {
  return errorCode === 0 && baseOffset !== undefined && BigInt(baseOffset) >= 0n;
}
