import type { ICustomPartitioner } from 'kafkajs';

import { KafkaError } from './kafka-error.ts';
import type { ProduceRequest } from './produce-request.ts';
import type { SentMessage } from './producer.ts';

type Partitioner = ReturnType<ICustomPartitioner>;

/** What kafkajs knows of the partitions of a topic. */
export type PartitionMetadata = Parameters<Partitioner>[0]['partitionMetadata'];

/** The messages of one topic in a request. */
export type TopicMessages = {
  topic: string;
  partitionMetadata: PartitionMetadata;
  messages: readonly SentMessage[];
};

/** What our patch of kafkajs takes in place of a partition for each message, and of its own encoder. */
export type PatchedPartitioner = {
  /** The messages of each partition, in their order. */
  groupMessages: (messages: TopicMessages) => Record<number, SentMessage[]>;
  /** A whole produce request, as it goes to the socket; no other one of the same request may be written over it. */
  encodeRequest: (request: ProduceRequest) => Buffer;
};

/** As kafkajs takes it: its types do not know the patch. */
export const patchedPartitioner = (patched: PatchedPartitioner): ICustomPartitioner => {
  const partitioner = (): never => {
    throw new KafkaError('KAFKAJS_NOT_PATCHED', 'kafkajs is not patched (npm ci does it): nothing is sent');
  };
  return () => Object.assign(partitioner, patched);
};
