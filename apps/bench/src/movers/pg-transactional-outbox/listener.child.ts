import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Kafka as KafkaOfKafkajs, Message } from 'stock-kafkajs';
import { names } from './listener-order.ts';
import type { ListenerOrder } from './listener-order.ts';

/** What of its messages is used here. */
interface Stored {
  id: string;
  aggregateType: string;
  aggregateId: string;
  messageType: string;
  payload: string;
  metadata: Record<string, string>;
  createdAt: string;
}

/** What of the package is used here. It is not installed where types are checked. */
interface Peer {
  initializeReplicationMessageListener: Start;
  initializePollingMessageListener: Start;
  createReplicationSegmentMutexConcurrencyController: () => Controller;
  createReplicationSemaphoreConcurrencyController: (max: number) => Controller;
  getDisabledLogger: () => object;
}
/** Bounds what is under way: a message waits for `acquire`, and calls what that brought when it is done. */
interface Controller {
  acquire: (message: Stored) => Promise<() => void>;
  cancel: () => void;
}
type Start = (config: object, handler: Handler, logger: object, strategies: object) => unknown;
interface Handler {
  handle: (message: Stored) => Promise<void>;
}

/** Transactions beside each other. */
const connections = 50;
/** As many messages as polling can take at once: the oldest one of each key. */
const keys = 1000;

const order = JSON.parse(process.argv[2] ?? '') as ListenerOrder;
const required = createRequire(join(order.folder, 'package.json'));
const peer = required('pg-transactional-outbox') as Peer;
const { Kafka, logLevel } = required('kafkajs') as {
  Kafka: typeof KafkaOfKafkajs;
  logLevel: { ERROR: number };
};

const kafka = new Kafka({ brokers: [...order.brokers], clientId: 'bench', logLevel: logLevel.ERROR });
const producer = kafka.producer({ idempotent: false, allowAutoTopicCreation: false });
await producer.connect();

const database = { connectionString: order.databaseUrl, application_name: names.application };
const config = {
  outboxOrInbox: 'outbox',
  dbListenerConfig: database,
  // Messages wait for a connection, so each is handled as soon as one is free.
  dbHandlerConfig: { ...database, max: connections },
  settings: {
    dbSchema: names.schema,
    dbTable: names.table,
    enableMaxAttemptsProtection: false,
    enablePoisonousMessageProtection: false,
    messageCleanupIntervalInMs: 0,
    // Waiting for a connection counts, which in a drain of 10,000 is most of the time.
    messageProcessingTimeoutInMs: 300_000,
    dbPublication: names.publication,
    dbReplicationSlot: order.slot,
    nextMessagesFunctionSchema: names.schema,
    nextMessagesFunctionName: names.nextMessages,
    nextMessagesBatchSize: keys,
    nextMessagesPollingIntervalInMs: 5,
  },
};
const logger = { ...peer.getDisabledLogger(), error: tell, warn: tell };
const start = {
  replication: peer.initializeReplicationMessageListener,
  polling: peer.initializePollingMessageListener,
}[order.listening];
start(config, { handle: inOneRequest() }, logger, {
  concurrencyStrategy: inOrderOfKeys(),
  // The next messages are looked for when none is under way: its look locks rows that its handling then finds locked, and those
  // wait for 5 s.
  batchSizeStrategy: async (underWay: number) => {
    if (underWay > 0) await pause(1);
    return underWay > 0 ? 0 : keys;
  },
});

/** In the order of each key, and so many keys beside each other as there are connections. */
function inOrderOfKeys(): Controller {
  const ofKey = peer.createReplicationSegmentMutexConcurrencyController();
  const ofAll = peer.createReplicationSemaphoreConcurrencyController(connections);
  return {
    acquire: async (message) => {
      const releases = [await ofKey.acquire(message), await ofAll.acquire(message)];
      return () => releases.forEach((release) => release());
    },
    cancel: () => [ofKey, ofAll].forEach((controller) => controller.cancel()),
  };
}

/** Everything that waits while a request is under way goes into the next one. */
function inOneRequest(): Handler['handle'] {
  let waiting: { message: Stored; sent: PromiseWithResolvers<void> }[] = [];
  let sending = false;
  const sendAll = async () => {
    sending = true;
    while (waiting.length > 0) {
      const some = waiting;
      waiting = [];
      await producer.sendBatch({ acks: -1, topicMessages: byTopic(some.map(({ message }) => message)) }).then(
        () => some.forEach(({ sent }) => sent.resolve()),
        (error: unknown) => some.forEach(({ sent }) => sent.reject(error)),
      );
    }
    sending = false;
  };
  return (message) => {
    const sent = Promise.withResolvers<void>();
    waiting.push({ message, sent });
    if (!sending) setImmediate(() => void (sending || sendAll()));
    return sent.promise;
  };
}

function byTopic(messages: readonly Stored[]): { topic: string; messages: Message[] }[] {
  const topics = Map.groupBy(messages, ({ aggregateType }) => aggregateType);
  return [...topics].map(([topic, ofTopic]) => ({ topic, messages: ofTopic.map(toKafka) }));
}

function toKafka({ id, aggregateId, messageType, payload, metadata, createdAt }: Stored): Message {
  const known = { ce_specversion: '1.0', ce_id: id, ce_type: messageType, ce_time: createdAt };
  return { key: aggregateId, value: payload, headers: { ...metadata, ...known } };
}

function tell(...words: unknown[]): void {
  console.error(new Date().toISOString(), ...words);
}
