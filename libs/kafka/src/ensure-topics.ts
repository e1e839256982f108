import { setTimeout as pause } from 'node:timers/promises';

import type { Admin, PartitionMetadata } from 'kafkajs';

import { KafkaError } from './kafka-error.ts';
import { openClient, retryTimesOf } from './open-client.ts';
import type { ClientOptions } from './open-client.ts';

/**
 * A topic to be there. Its number of partitions and its settings (kafka.apache.org/documentation/#topicconfigs) count only
 * where it is created: an existing topic is not altered.
 */
export type TopicSpec = {
  topic: string;
  partitions: number;
  config?: Readonly<Record<string, string>>;
};

/** How often, in milliseconds, Kafka is asked whether new partitions have leaders. */
const askAgainMs = 50;

/**
 * Creates the topics that Kafka lacks, with the broker's own replication factor, and waits until every partition has a
 * leader. Somebody else who creates the same topic meanwhile is fine.
 * @param options.signal gives up, also while a broker is silent; a topic that was asked for may be there all the same
 * @param options.timeoutMs bounds each request, and the wait for leaders: 15,000 when not given
 * @throws KafkaError
 */
export async function ensureTopics(
  options: ClientOptions & {
    topics: readonly TopicSpec[];
    timeoutMs?: number;
    signal?: AbortSignal | undefined;
  },
): Promise<void> {
  const timeoutMs = options.timeoutMs ?? 15_000;
  const client = openClient({ ...options, requestTimeoutMs: timeoutMs });
  const admin = client.kafka.admin({ retry: retryTimesOf(2) });
  try {
    await unlessAborted(options.signal, () => createMissing(admin, options.topics, timeoutMs));
  } catch (error) {
    throw KafkaError.from(error);
  } finally {
    client.destroy();
  }
}

async function createMissing(admin: Admin, topics: readonly TopicSpec[], timeoutMs: number): Promise<void> {
  await admin.connect();
  const present = new Set(await admin.listTopics());
  for (const topic of topics.filter((one) => !present.has(one.topic))) {
    await createTopic(admin, topic, timeoutMs);
  }
  await waitForLeaders(admin, topics, AbortSignal.timeout(timeoutMs));
}

/** Waits for `work` until `signal`. Its connections are cut right after that, which ends what it still does. */
async function unlessAborted(signal: AbortSignal | undefined, work: () => Promise<void>): Promise<void> {
  const { promise: given, reject } = Promise.withResolvers<never>();
  const giveUp = () =>
    reject(new KafkaError('ABORTED', 'making topics was given up', { cause: signal?.reason }));
  if (signal?.aborted) giveUp();
  signal?.addEventListener('abort', giveUp);
  try {
    await Promise.race(signal?.aborted ? [given] : [given, work()]);
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

/** One topic a request: the error of a request for several does not say which of them are there now. */
async function createTopic(
  admin: Admin,
  { topic, partitions, config = {} }: TopicSpec,
  timeout: number,
): Promise<void> {
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  await admin.createTopics({
    topics: [{ topic, numPartitions: partitions, replicationFactor: -1, configEntries }],
    timeout,
    // kafkajs fails when the broker it asks has not heard of the new topic yet. So it is asked here, and again.
    waitForLeaders: false,
  });
}

async function waitForLeaders(
  admin: Admin,
  topics: readonly TopicSpec[],
  expiry: AbortSignal,
): Promise<void> {
  const names = topics.map(({ topic }) => topic);
  while (names.length > 0 && !(await areLed(admin, names))) {
    if (expiry.aborted)
      throw new KafkaError('TOPIC_NOT_LED', `no leader for every partition of ${names.join(', ')}`);
    await pause(askAgainMs);
  }
}

async function areLed(admin: Admin, names: string[]): Promise<boolean> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: names });
    const led = names.every((name) => isLed(topics.find((topic) => topic.name === name)?.partitions ?? []));
    // A broker tells of a new leader a little before that leader takes requests: asking for offsets goes to the leader.
    if (led) for (const name of names) await admin.fetchTopicOffsets(name);
    return led;
  } catch (error) {
    if (notYet.has(KafkaError.from(error).code)) return false;
    throw error;
  }
}

const notYet = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION']);

const isLed = (partitions: readonly PartitionMetadata[]): boolean =>
  partitions.length > 0 && partitions.every(({ leader }) => leader >= 0);
