import { followPartition } from './partition-progress.ts';
import type { PartitionProgress } from './partition-progress.ts';

/** A partition of a topic. */
export type TopicPartition = { topic: string; partition: number };

/** A partition as one text, to be a key and for people. */
export const partitionName = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** An offset to commit: the next one to read. */
export type OffsetToCommit = TopicPartition & { offset: bigint };

/** The partitions a consumer has between one rebalance and the next. */
export type Assignment = {
  progressOf(partition: TopicPartition): PartitionProgress;
  /** Messages that are handed on and not settled, over all partitions. */
  unsettled(): number;
  committable(): OffsetToCommit[];
  committed(offsets: readonly OffsetToCommit[]): void;
  revoked: AbortSignal;
  revoke(): void;
};

/** Begins an assignment, with nothing handed on yet. */
export function beginAssignment(): Assignment {
  const partitions = new Map<string, TopicPartition & { progress: PartitionProgress }>();
  const revocation = new AbortController();
  const progressOf = ({ topic, partition }: TopicPartition): PartitionProgress => {
    const name = partitionName({ topic, partition });
    const known = partitions.get(name) ?? { topic, partition, progress: followPartition() };
    partitions.set(name, known);
    return known.progress;
  };
  return {
    progressOf,
    unsettled: () => [...partitions.values()].reduce((sum, { progress }) => sum + progress.unsettled(), 0),
    committable: () =>
      [...partitions.values()].flatMap(({ topic, partition, progress }) => {
        const offset = progress.committable();
        return offset === undefined ? [] : [{ topic, partition, offset }];
      }),
    committed: (offsets) => offsets.forEach((one) => progressOf(one).committed(one.offset)),
    revoked: revocation.signal,
    revoke: () => revocation.abort(),
  };
}
