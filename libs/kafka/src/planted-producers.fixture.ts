import kafkajs from 'kafkajs';

import type { KafkaMessage } from './producer.ts';
import type { SocketFactory } from './sockets.ts';

/**
 * Producers with the settings that this library does not use, to show what they lose. They differ from ours in nothing
 * that the specs ask for.
 */
export type PlantedProducer = AsyncDisposable & { send(messages: readonly KafkaMessage[]): Promise<void> };

const planted = {
  /** kafkajs's idempotence. It cannot be had without retries. */
  idempotence: { idempotent: true, retry: { retries: 1, initialRetryTime: 10 } },
  /** kafkajs's own retries. */
  retries: { idempotent: false, retry: { retries: 5, initialRetryTime: 50 } },
};

/** Opens a kafkajs producer with a planted fault. */
export async function plantedProducer(
  fault: keyof typeof planted,
  { brokers, socketFactory }: { brokers: readonly string[]; socketFactory: SocketFactory },
): Promise<PlantedProducer> {
  const kafka = new kafkajs.Kafka({
    brokers: [...brokers],
    clientId: 'planted',
    socketFactory,
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const producer = kafka.producer({
    ...planted[fault],
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  return {
    send: async (messages) => {
      const topicMessages = messages.map(({ topic, key, value, headers }) => ({
        topic,
        messages: [{ key, value: Buffer.from(value), headers }],
      }));
      await producer.sendBatch({ acks: -1, topicMessages });
    },
    [Symbol.asyncDispose]: () => producer.disconnect(),
  };
}
