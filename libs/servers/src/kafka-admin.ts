import {
  array,
  askKafka,
  compactArray,
  compactString,
  int16,
  int32,
  int64,
  int8,
  noTags,
  string,
} from './kafka-wire.ts';
import type { KafkaReader } from './kafka-wire.ts';
import { pollUntil } from './poll-until.ts';
import { ServerError } from './server-error.ts';

/** A partition, as one broker sees it. */
export interface PartitionState {
  partition: number;
  /** Node id, or -1 while there is no leader. */
  leader: number;
  replicas: number[];
  inSync: number[];
}

/** What one broker knows of the cluster. */
export interface ClusterState {
  brokers: number[];
  topics: Map<string, PartitionState[]>;
}

// Errors of the protocol that are answers here; all others are thrown with their number.
const none = 0;
const unknownTopic = 3;
const electionNotNeeded = 84;

/** Metadata (version 4) of all topics, from `broker`; no topic is made by asking. */
export async function clusterState(
  broker: string,
  topics: readonly string[] | null = null,
): Promise<ClusterState> {
  const names = topics === null ? int32(-1) : array(topics.map(string));
  const reply = await askKafka({ broker, api: 3, version: 4, body: Buffer.concat([names, int8(0)]) });
  reply.int32(); // throttled for
  const brokers = reply.array(() => ({
    id: reply.int32(),
    host: reply.string(),
    port: reply.int32(),
    rack: reply.string(),
  }));
  reply.string(); // cluster id
  reply.int32(); // controller
  const found = reply.array(() => readTopic(reply)).filter(({ error }) => error !== unknownTopic);
  return {
    brokers: brokers.map(({ id }) => id),
    topics: new Map(found.map(({ name, partitions }) => [name, partitions])),
  };
}

function readTopic(reply: KafkaReader): { error: number; name: string; partitions: PartitionState[] } {
  const error = reply.int16();
  const name = reply.string() ?? '';
  reply.int8(); // internal
  const partitions = reply.array(() => {
    reply.int16(); // error: no leader now, told by leader = -1
    const partition = reply.int32();
    const leader = reply.int32();
    return { partition, leader, replicas: reply.array(reply.int32), inSync: reply.array(reply.int32) };
  });
  return { error, name, partitions: partitions.sort((a, b) => a.partition - b.partition) };
}

/** A topic to make. */
export interface NewTopic {
  topic: string;
  /** Default 1. */
  partitions?: number;
  /** Default 1. */
  replicationFactor?: number;
  /** Instead of both: the node ids of each partition's replicas, its preferred leader first. */
  replicas?: readonly (readonly number[])[];
  /** Topic settings, e.g. `{ 'max.message.bytes': '1000' }`. */
  config?: Readonly<Record<string, string>>;
}

/** CreateTopics (version 2). @throws ServerError `kafka` with the broker's reason. */
export async function createTopic(broker: string, wanted: NewTopic): Promise<void> {
  const assignment = (wanted.replicas ?? []).map((ids, partition) =>
    Buffer.concat([int32(partition), array(ids.map(int32))]),
  );
  const config = Object.entries(wanted.config ?? {}).map(([name, value]) =>
    Buffer.concat([string(name), string(value)]),
  );
  const counts = wanted.replicas
    ? [int32(-1), int16(-1)]
    : [int32(wanted.partitions ?? 1), int16(wanted.replicationFactor ?? 1)];
  const topic = Buffer.concat([string(wanted.topic), ...counts, array(assignment), array(config)]);
  const reply = await askKafka({
    broker,
    api: 19,
    version: 2,
    body: Buffer.concat([array([topic]), int32(10_000), int8(0)]),
  });
  reply.int32(); // throttled for
  for (const { error, reason } of reply.array(() => ({
    name: reply.string(),
    error: reply.int16(),
    reason: reply.string(),
  }))) {
    requireNone(error, `Kafka did not make topic ${wanted.topic}`, reason);
  }
}

/** DeleteTopics (version 1); a topic that is not there is no error. */
export async function deleteTopic(broker: string, topic: string): Promise<void> {
  const reply = await askKafka({
    broker,
    api: 20,
    version: 1,
    body: Buffer.concat([array([string(topic)]), int32(10_000)]),
  });
  reply.int32(); // throttled for
  for (const { error } of reply.array(() => ({ name: reply.string(), error: reply.int16() }))) {
    if (error !== unknownTopic) requireNone(error, `Kafka did not delete topic ${topic}`);
  }
}

/** Waits until each of `brokers` knows a living leader for every partition of `topic`, and those leaders take requests. */
export async function untilTopicIsLed(brokers: readonly string[], topic: string): Promise<void> {
  await pollUntil({ for: `leaders of topic ${topic}`, timeoutMs: 30_000, everyMs: 20 }, async () => {
    const states = await Promise.all(brokers.map((broker) => clusterState(broker, [topic])));
    const led = ({ brokers: known, topics }: ClusterState) =>
      topics.get(topic)?.every(({ leader }) => known.includes(leader));
    if (!states.every(led)) return undefined;
    const partitions = states[0]?.topics.get(topic)?.map(({ partition }) => partition) ?? [];
    const ends = await endsAtLeaders(brokers, { topic, partitions });
    return ends.size === partitions.length ? true : undefined;
  });
}

/**
 * How many records were ever appended to `topic`: the sum of the offsets behind the last record of each partition. 0 for a
 * topic that is not there. Waits until every partition has a leader among `brokers` that tells.
 */
export async function recordsAppended(brokers: readonly string[], topic: string): Promise<number> {
  return pollUntil({ for: `the ends of topic ${topic}`, timeoutMs: 30_000, everyMs: 20 }, async () => {
    const { topics } = await clusterState(brokers[0] ?? '', [topic]);
    const partitions = (topics.get(topic) ?? []).map(({ partition }) => partition);
    const ends = await endsAtLeaders(brokers, { topic, partitions });
    if (ends.size < partitions.length) return undefined;
    return Number([...ends.values()].reduce((sum, end) => sum + end, 0n));
  });
}

/** The end of each partition that one of `brokers` leads, and takes requests for. */
async function endsAtLeaders(
  brokers: readonly string[],
  asked: { topic: string; partitions: readonly number[] },
): Promise<Map<number, bigint>> {
  return new Map((await Promise.all(brokers.map((broker) => endsAt(broker, asked)))).flat());
}

/**
 * ListOffsets (version 1): partitions, each with the offset behind its last record, for which this broker answers. A leader is
 * known to all a moment before it takes requests; until then it answers NOT_LEADER_OR_FOLLOWER.
 */
async function endsAt(
  broker: string,
  { topic, partitions }: { topic: string; partitions: readonly number[] },
): Promise<[partition: number, end: bigint][]> {
  const latest = -1n;
  const asked = partitions.map((partition) => Buffer.concat([int32(partition), int64(latest)]));
  const body = Buffer.concat([int32(-1), array([Buffer.concat([string(topic), array(asked)])])]);
  const reply = await askKafka({ broker, api: 2, version: 1, body });
  const topics = reply.array(() => {
    reply.string();
    return reply.array(() => {
      const [partition, error] = [reply.int32(), reply.int16()];
      reply.int64(); // timestamp
      return { partition, error, end: reply.int64() };
    });
  });
  return topics.flat().flatMap(({ partition, error, end }) => (error === none ? [[partition, end]] : []));
}

/**
 * FindCoordinator (version 1): waits until consumer groups have coordinators. The first question makes the topic of their
 * offsets, which takes a new cluster some time, and consumers that come meanwhile fail. The names fall on four partitions.
 */
export async function untilGroupsAreCoordinated(broker: string): Promise<void> {
  const group = int8(0);
  for (const name of ['a', 'b', 'c', 'd']) {
    await pollUntil({ for: 'coordinators of consumer groups', timeoutMs: 60_000, everyMs: 20 }, async () => {
      const reply = await askKafka({
        broker,
        api: 10,
        version: 1,
        body: Buffer.concat([string(name), group]),
      });
      reply.int32(); // throttled for
      return reply.int16() === none ? true : undefined;
    });
  }
}

/**
 * AlterPartitionReassignments (version 0): makes `replicas` the partition's replicas, the first being its preferred
 * leader; with the same nodes in another order no data moves.
 */
export async function placeReplicas(
  broker: string,
  where: { topic: string; partition: number; replicas: readonly number[] },
): Promise<void> {
  const partition = Buffer.concat([int32(where.partition), compactArray(where.replicas.map(int32)), noTags]);
  const topic = Buffer.concat([compactString(where.topic), compactArray([partition]), noTags]);
  const body = Buffer.concat([int32(10_000), compactArray([topic]), noTags]);
  const reply = await askKafka({ broker, api: 45, version: 0, flexible: true, body });
  reply.int32(); // throttled for
  const failure = `Kafka did not place the replicas of ${where.topic}/${where.partition}`;
  requireNone(reply.int16(), failure, reply.compactString());
  reply.compactArray(() => {
    reply.compactString();
    reply.compactArray(() => {
      reply.int32();
      requireNone(reply.int16(), failure, reply.compactString());
      reply.tags();
    });
    reply.tags();
  });
}

/** ElectLeaders (version 1): the partition's preferred replica becomes its leader. */
export async function electPreferredLeader(
  broker: string,
  where: { topic: string; partition: number },
): Promise<void> {
  const topic = Buffer.concat([string(where.topic), array([int32(where.partition)])]);
  const reply = await askKafka({
    broker,
    api: 43,
    version: 1,
    body: Buffer.concat([int8(0), array([topic]), int32(10_000)]),
  });
  reply.int32(); // throttled for
  const failure = `Kafka did not move the leader of ${where.topic}/${where.partition}`;
  requireNone(reply.int16(), failure);
  reply.array(() => {
    reply.string();
    reply.array(() => {
      reply.int32();
      const [error, reason] = [reply.int16(), reply.string()];
      if (error !== electionNotNeeded) requireNone(error, failure, reason);
    });
  });
}

function requireNone(error: number, failure: string, reason: string | null = null): void {
  if (error === none) return;
  throw new ServerError(
    'kafka',
    `${failure}: ${reason ?? 'no reason given'} (error ${error} of Kafka's protocol)`,
  );
}

/**
 * Waits until each of `brokers` takes node `leader` for the partition's leader, and it alone takes requests for it: a broker knows
 * of a new leader a moment before the old one refuses and the new one accepts.
 */
export async function untilLedBy(
  brokers: readonly string[],
  where: { topic: string; partition: number; leader: { id: number; broker: string } },
): Promise<void> {
  const { topic, partition, leader } = where;
  const waiting = { for: `node ${leader.id} to lead ${topic}/${partition}`, timeoutMs: 30_000, everyMs: 10 };
  await pollUntil(waiting, async () => {
    const states = await Promise.all(brokers.map((broker) => clusterState(broker, [topic])));
    const leads = ({ topics }: ClusterState) =>
      topics.get(topic)?.some((at) => at.partition === partition && at.leader === leader.id);
    if (!states.every(leads)) return undefined;
    const answers = await Promise.all(
      brokers.map((broker) => endsAt(broker, { topic, partitions: [partition] })),
    );
    const answering = brokers.filter((_, index) => answers[index]?.length === 1);
    return answering.join() === leader.broker ? true : undefined;
  });
}
