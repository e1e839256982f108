import type { Admin, Message, Producer, TopicMessages } from 'kafkajs';

import { openClient, retryTimesOf } from './open-client.ts';
import type { ClientOptions } from './open-client.ts';
import type { SentMessage } from './producer.ts';
import { KafkaError } from './kafka-error.ts';
import { patchedPartitioner } from './patched-partitioner.ts';
import { encodeProduceRequest } from './produce-request.ts';
import type { RequestBytes } from './request-bytes.ts';
import { requestRoom } from './request-room.ts';
import { noteSentPartitions } from './sent-partitions.ts';
import { splitByPartitionBytes } from './split-by-partition-bytes.ts';

/** One kafkajs producer, used until its first failure. */
export type ProducerConnection = {
  send(messages: readonly SentMessage[]): Promise<void>;
  check(): Promise<void>;
  /** Cuts the connections, with no reply awaited. */
  destroy(): void;
  /** Disconnects in order; for a connection with nothing under way. */
  close(): Promise<void>;
};

/** How long, in milliseconds, an orderly goodbye may take before the connections are cut. */
const goodbyeMs = 2000;

/** Opens a producer's connection; it connects at its first use. */
export function openConnection(
  options: ClientOptions & { requestTimeoutMs: number; partitionBytes: RequestBytes },
): ProducerConnection {
  const { requestTimeoutMs, partitionBytes } = options;
  const client = openClient(options);
  const partitions = noteSentPartitions();
  const room = requestRoom();
  const producer = client.kafka.producer({
    idempotent: false,
    retry: retryTimesOf(0),
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: patchedPartitioner({
      groupMessages: partitions.groupMessages,
      encodeRequest: (request) => encodeProduceRequest(request, { room: room.take, now: Date.now() }),
    }),
  });
  const admin = client.kafka.admin({ retry: retryTimesOf(0) });
  const split = (messages: readonly SentMessage[], maxBytes: number) =>
    splitByPartitionBytes(messages, { maxBytes, partitionOf: partitions.partitionOf });
  const produces = connectOnce(producer);
  const administers = connectOnce(admin);

  return {
    send: async (messages) => {
      await produces();
      partitions.beginSend();
      for (const some of split(messages, partitionBytes.now())) {
        partitions.beginRequest();
        // All of the request before is with its brokers: each has answered.
        room.free();
        const request = { acks: -1, timeout: requestTimeoutMs, topicMessages: byTopic(some) };
        const sent = producer.sendBatch(request).catch((error: unknown) => {
          if (requestTooLarge.has(KafkaError.from(error).code))
            partitionBytes.refused((bytes) => split(some, bytes).length);
          throw error;
        });
        partitions.verify(await sent);
      }
    },
    check: async () => {
      await administers();
      await admin.describeCluster();
    },
    destroy: () => client.destroy(),
    close: async () => {
      const cut = setTimeout(() => client.destroy(), goodbyeMs);
      await Promise.allSettled([producer.disconnect(), admin.disconnect()]);
      clearTimeout(cut);
      client.destroy();
    },
  };
}

/** What Kafka says of a request whose batch is above the limit of its topic; of a single message it says the same. */
const requestTooLarge: ReadonlySet<string> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

/** A function that connects at its first call. A failed connection is thrown away as a whole, so once is enough. */
function connectOnce(one: Producer | Admin): () => Promise<void> {
  let connected: Promise<void> | undefined;
  return () => (connected ??= one.connect());
}

/** One entry for each topic, each topic's messages in their order. They are ours alone to encode, whatever kafkajs's types say. */
function byTopic(messages: readonly SentMessage[]): TopicMessages[] {
  const topics = Map.groupBy(messages, ({ topic }) => topic);
  return [...topics].map(([topic, ofTopic]) => ({ topic, messages: ofTopic as unknown as Message[] }));
}
