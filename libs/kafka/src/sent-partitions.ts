import kafkajs from 'kafkajs';
import type { ICustomPartitioner, RecordMetadata } from 'kafkajs';

import { KafkaError } from './kafka-error.ts';

/** Which partitions the messages of a send went to, to be held against what came back. */
export type SentPartitions = {
  /** The partitioner to give to kafkajs: Java's (murmur2 of the key), with a note of each choice. */
  createPartitioner: ICustomPartitioner;
  /** Forgets the notes of the send before. */
  begin(): void;
  /**
   * Compares what kafkajs returned with what was sent. kafkajs leaves a partition out and resolves all the same when its
   * leader moves to a broker that has answered already, and when it has no metadata of the partition.
   * @throws KafkaError `PARTITION_NOT_ANSWERED`
   */
  verify(returned: readonly RecordMetadata[]): void;
};

/** Notes the partitions of one producer's sends. */
export function noteSentPartitions(): SentPartitions {
  const sent = new Set<string>();
  return {
    createPartitioner: () => {
      const choose = kafkajs.Partitioners.DefaultPartitioner();
      return (message) => {
        const partition = choose(message);
        sent.add(nameOf(message.topic, partition));
        return partition;
      };
    },
    begin: () => sent.clear(),
    verify: (returned) => {
      const answered = new Set(
        returned.filter(isAppended).map((one) => nameOf(one.topicName, one.partition)),
      );
      const missing = [...sent].filter((partition) => !answered.has(partition));
      if (missing.length === 0) return;
      throw new KafkaError('PARTITION_NOT_ANSWERED', `Kafka did not acknowledge ${missing.join(', ')}`);
    },
  };
}

const nameOf = (topic: string, partition: number): string => `${topic}/${partition}`;

function isAppended({ errorCode, baseOffset }: RecordMetadata): boolean {
  return errorCode === 0 && baseOffset !== undefined && BigInt(baseOffset) >= 0n;
}
