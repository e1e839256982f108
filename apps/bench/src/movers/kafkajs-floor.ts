import { Kafka, logLevel } from 'stock-kafkajs';
import type { Ground } from '../ground/ground.ts';
import { memoryMessage } from '../load/memory-messages.ts';
import type { LatencySystem } from '../measure/measure-latency.ts';
import type { Write } from '../measure/open-loop.ts';

/** Sends that may be under way at a time. */
const underWay = 16;

/** kafkajs to kafkajs, with no database between: each message a request. A message counts as written when it is sent. */
export function kafkajsFloor({ kafka: { brokers } }: Pick<Ground, 'kafka'>): LatencySystem {
  return {
    name: 'kafkajs alone',
    pids: [],
    begin: async (messages) => {
      const kafka = new Kafka({ brokers, clientId: 'bench', logLevel: logLevel.ERROR });
      const producer = kafka.producer({ idempotent: false, allowAutoTopicCreation: false });
      await producer.connect();
      const write: Write = async (number) => {
        const { topic, key, value, headers } = memoryMessage(number, messages);
        const at = performance.now();
        await producer.send({ topic, acks: -1, messages: [{ key, value, headers }] });
        return at;
      };
      return {
        writers: Array.from({ length: underWay }, () => write),
        [Symbol.asyncDispose]: () => producer.disconnect(),
      };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
