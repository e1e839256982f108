import { openProducer } from '@payments/kafka';
import type { KafkaMessage } from '@payments/kafka';
import { Kafka, logLevel } from 'stock-kafkajs';
import { memoryMessages } from '../load/memory-messages.ts';
import type { MemoryOrder, MemorySender } from './memory-order.ts';

/** Sends what one round sends, and is closed behind it: stock kafkajs at rest uses 7 % of a core, which others would feel. */
interface Sender {
  send: (messages: KafkaMessage[]) => Promise<unknown>;
  close: () => Promise<void>;
}

const [kind, brokers] = process.argv.slice(2) as [MemorySender, string];
const open = { kafkajs: openKafkajs, ours: openOurs }[kind];
let waiting: { requests: KafkaMessage[][]; sender: Sender } | undefined;

process.on('disconnect', () => process.exit());
process.on('message', (order: MemoryOrder) => {
  void follow(order).then(() => process.send?.('done'));
});
process.send?.('ready');

async function follow(order: MemoryOrder): Promise<void> {
  if ('make' in order) {
    const requests = inRequests(memoryMessages(order.make), order.perRequest);
    waiting = { requests, sender: await open(brokers.split(',')) };
    return;
  }
  const { requests = [], sender } = waiting ?? {};
  for (const messages of requests) await sender?.send(messages);
  await sender?.close();
  waiting = undefined;
}

function inRequests(messages: KafkaMessage[], size: number): KafkaMessage[][] {
  return Array.from({ length: Math.ceil(messages.length / size) }, (_, index) =>
    messages.slice(index * size, (index + 1) * size),
  );
}

/** As it comes from the registry, without our patch, and with the settings that the relay's guarantees ask for. */
async function openKafkajs(servers: string[]): Promise<Sender> {
  const kafka = new Kafka({ brokers: servers, clientId: 'bench', logLevel: logLevel.ERROR });
  const producer = kafka.producer({ idempotent: false, allowAutoTopicCreation: false });
  await producer.connect();
  return {
    send: (messages) =>
      producer.send({
        topic: messages[0]?.topic ?? '',
        acks: -1,
        messages: messages as (KafkaMessage & { value: Buffer })[],
      }),
    close: () => producer.disconnect(),
  };
}

async function openOurs(servers: string[]): Promise<Sender> {
  const producer = openProducer({ kafka: { brokers: servers, clientId: 'bench' } });
  await producer.check();
  return { send: (messages) => producer.send(messages), close: async () => producer[Symbol.asyncDispose]() };
}
