import type { Consumer, EachBatchPayload } from 'kafkajs';

import { partitionName } from './assignment.ts';
import type { OffsetToCommit, TopicPartition } from './assignment.ts';
import type { ConsumerOptions } from './messages.ts';
import { openClient, retryTimesOf } from './open-client.ts';
import { settledWithin } from './settled-within.ts';

/** How long, in milliseconds, a fetch waits at the broker for messages; a partition resumed meanwhile waits as well. */
const fetchWaitMs = 500;
/** What does not fit behind a pause is fetched again: not more than this many bytes of a partition at a time. */
const fetchBytes = 256 * 1024;
const requestTimeoutMs = 15_000;
const rebalanceTimeoutMs = 60_000;

/** What happens to a member of a group. */
export type GroupEvents = {
  /** Messages of one partition have come. To be handed on without waiting. */
  batch(payload: EachBatchPayload): void;
  /** The group is about to share its partitions out anew; what is committed now still counts. */
  rebalancing(): void;
  joined(partitions: readonly TopicPartition[]): void;
  crashed(error: Error): void;
};

/** A kafkajs consumer, in the few words that {@link consume} needs. */
export type GroupConsumer = {
  run(topics: readonly string[]): Promise<void>;
  pause(at: TopicPartition): void;
  resume(at: TopicPartition): void;
  resumeAll(): void;
  /** What comes next of the partition is what lies at `offset` or behind it. */
  seek(at: TopicPartition, offset: bigint): void;
  commit(offsets: readonly OffsetToCommit[]): Promise<void>;
  /** Leaves the group, so that its partitions go to others at once, and disconnects; cut off after `timeoutMs`. */
  leave(timeoutMs: number): Promise<void>;
  /** Cuts the connections. */
  destroy(): void;
};

/** Opens a member of a consumer group; it connects in `run`. */
export function openGroupConsumer(options: Omit<ConsumerOptions, 'topics'>, on: GroupEvents): GroupConsumer {
  const client = openClient({ ...options, requestTimeoutMs });
  const consumer = client.kafka.consumer(settingsOf(options));
  const paused = new Map<string, TopicPartition>();
  let latest: EachBatchPayload | undefined;

  listen(consumer, on);
  const resume = (at: TopicPartition): void => {
    if (paused.delete(partitionName(at))) consumer.resume([{ topic: at.topic, partitions: [at.partition] }]);
  };
  const eachBatch = (payload: EachBatchPayload): Promise<void> => {
    latest = payload;
    on.batch(payload);
    return Promise.resolve();
  };

  return {
    run: async (topics) => {
      await consumer.connect();
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch });
    },
    pause: (at) => {
      paused.set(partitionName(at), at);
      consumer.pause([{ topic: at.topic, partitions: [at.partition] }]);
    },
    resume,
    seek: ({ topic, partition }, offset) => consumer.seek({ topic, partition, offset: offset.toString() }),
    resumeAll: () => [...paused.values()].forEach(resume),
    // Not `consumer.commitOffsets`: that one tries again after a rebalance, for partitions that may be another's by then.
    commit: async (offsets) => latest?.commitOffsetsIfNecessary(byTopic(offsets)),
    leave: async (timeoutMs) => {
      await settledWithin(timeoutMs, consumer.disconnect());
      client.destroy();
    },
    destroy: () => client.destroy(),
  };
}

function listen(consumer: Consumer, on: GroupEvents): void {
  const { REBALANCING, GROUP_JOIN, CRASH } = consumer.events;
  consumer.on(REBALANCING, () => on.rebalancing());
  consumer.on(GROUP_JOIN, ({ payload }) => on.joined(partitionsOf(payload.memberAssignment)));
  consumer.on(CRASH, ({ payload }) => on.crashed(payload.error));
}

function settingsOf({ groupId, sessionTimeoutMs = 10_000 }: Omit<ConsumerOptions, 'topics'>) {
  return {
    groupId,
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: Math.floor(sessionTimeoutMs / 3),
    rebalanceTimeout: rebalanceTimeoutMs,
    maxWaitTimeInMs: fetchWaitMs,
    maxBytesPerPartition: fetchBytes,
    allowAutoTopicCreation: false,
    // A crash ends the stream, always: whoever subscribed decides whether and when to begin again, and says so.
    retry: { ...retryTimesOf(5), restartOnFailure: () => Promise.resolve(false) },
  };
}

function partitionsOf(assigned: Record<string, number[]>): TopicPartition[] {
  return Object.entries(assigned).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}

function byTopic(offsets: readonly OffsetToCommit[]) {
  const topics = offsets.map(({ topic, partition, offset }) => ({
    topic,
    partitions: [{ partition, offset: offset.toString() }],
  }));
  return { topics };
}
