import type { KafkaMessage } from '@payments/kafka';
import kafkajs from 'kafkajs';

const planted = {
  /** kafkajs's idempotence. It cannot be had without retries. */
  idempotence: { idempotent: true, retry: { retries: 1, initialRetryTime: 10 } },
  /** kafkajs's own retries. */
  retries: { idempotent: false, retry: { retries: 5, initialRetryTime: 50 } },
};

/** A producer with settings of kafkajs's that lose messages: what the checker has to catch, and shipped nowhere. */
export async function plantedProducer(
  fault: keyof typeof planted,
  brokers: readonly string[],
): Promise<AsyncDisposable & { send: (messages: readonly KafkaMessage[]) => Promise<void> }> {
  const { NOTHING } = kafkajs.logLevel;
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], clientId: 'planted', logLevel: NOTHING });
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
