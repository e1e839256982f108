import type { OffsetRange, TopicPartition } from '@payments/kafka';
import { countOf } from './open-ranges.ts';

/** How far the open dead letters are dealt with, by this command and by others. Pure: it knows no Kafka. */
export type OpenProgress = {
  /** The group gave this command these partitions. */
  assigned(partitions: readonly Pick<TopicPartition, 'partition'>[]): void;
  /** This command has dealt with what is before `next`, of which it counts what nobody had before. */
  dealtWith(partition: number, next: bigint): void;
  /** Somebody has: the group stands there. */
  standsAt(partition: number, next: bigint): void;
  /** Nothing is left of what this command was given. */
  isOver(): boolean;
  /** Nothing is left at all. */
  isAll(): boolean;
  /** What this command has dealt with. */
  done(): number;
};

/** Begins with nothing given and nothing done. */
export const followOpen = (open: readonly OffsetRange[]): OpenProgress => {
  const left = new Map(open.map((range) => [range.partition, { ...range }]));
  let mine = new Set<number>();
  let given = false;
  let done = 0;
  const moveTo = (partition: number, next: bigint): bigint => {
    const range = left.get(partition);
    if (!range || next <= range.from) return 0n;
    const moved = (next < range.until ? next : range.until) - range.from;
    range.from += moved;
    return moved;
  };
  return {
    assigned: (partitions) => {
      given = true;
      mine = new Set(partitions.map(({ partition }) => partition));
    },
    dealtWith: (partition, next) => void (done += Number(moveTo(partition, next))),
    standsAt: (partition, next) => void moveTo(partition, next),
    isOver: () => given && countOf([...left.values()].filter(({ partition }) => mine.has(partition))) === 0,
    isAll: () => countOf([...left.values()]) === 0,
    done: () => done,
  };
};
