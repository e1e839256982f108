import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { paymentEventPartitions, paymentEventTopic } from '@payments/contracts';
import { openProducer } from '@payments/kafka';
import { freePort, loopback, startKafka } from '@payments/servers';
import { tcpProxy, type TcpProxy } from '@payments/testing';
import kafkajs from 'kafkajs';
import type { SentEvent } from './payment-events.fixture.ts';

/** A Kafka of its own with the topic of payment events, whose name is one for all, and a proxy on everybody's way to it. */
export interface EventTopic extends AsyncDisposable {
  /** `host:port` for clients: the proxy's. */
  brokers: string[];
  door: TcpProxy;
  /** Sends events in their order; resolves when Kafka has them. */
  send: (events: readonly SentEvent[]) => Promise<void>;
  /** The offset behind the last event of each partition. */
  ends: () => Promise<Map<number, number>>;
  /** What a group has committed of each partition: the offset of the next event to read, 0 before the first commit. */
  committed: (groupId: string) => Promise<Map<number, number>>;
}

/** Boots the broker and makes the topic. */
export async function openEventTopic(): Promise<EventTopic> {
  await using opening = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'payment-events-'));
  opening.defer(() => rm(dataDir, { recursive: true, force: true }));
  const port = await freePort();
  const door = opening.use(await tcpProxy({ target: `${loopback}:${port}` }));
  const kafka = opening.use(await startKafka({ dataDir, port, advertisedPorts: [door.port] }));
  await kafka.createTopic({ topic: paymentEventTopic, partitions: paymentEventPartitions });
  const connection = { brokers: kafka.brokers, clientId: 'spec' };
  const producer = opening.use(openProducer({ kafka: connection }));
  const admin = new kafkajs.Kafka({ ...connection, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  opening.defer(() => admin.disconnect());
  const opened = opening.move();
  return {
    brokers: kafka.brokers,
    door,
    send: (events) => producer.send(events.map(({ message }) => message)),
    ends: async () =>
      new Map(
        (await admin.fetchTopicOffsets(paymentEventTopic)).map((at) => [at.partition, Number(at.high)]),
      ),
    committed: async (groupId) => {
      const topics = await admin.fetchOffsets({ groupId, topics: [paymentEventTopic] });
      const partitions = topics.flatMap((topic) => topic.partitions);
      return new Map(partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]));
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** The partition of a key: Java's default partitioner, which the topic's writers use. */
export const partitionOf = (key: string): number =>
  kafkajs.Partitioners.DefaultPartitioner()({
    topic: paymentEventTopic,
    partitionMetadata: Array.from({ length: paymentEventPartitions }, (_, partitionId) => ({
      partitionId,
      partitionErrorCode: 0,
      leader: 1,
      replicas: [1],
      isr: [1],
    })),
    message: { key, value: null },
  });
