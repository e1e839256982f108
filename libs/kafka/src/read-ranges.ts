import type { EachBatchPayload } from 'kafkajs';
import { Observable } from 'rxjs';
import type { Subscriber } from 'rxjs';

import { toReadMessage } from './consumed-message.ts';
import type { ReadMessage } from './consumed-message.ts';
import { openGroupConsumer } from './group-consumer.ts';
import type { GroupConsumer } from './group-consumer.ts';
import { KafkaError } from './kafka-error.ts';
import type { ClientOptions } from './open-client.ts';

/** Messages of a partition: from an offset on, up to and without another. */
export type OffsetRange = { partition: number; from: bigint; until: bigint };

/** What {@link readRanges$} reads, and how. */
export type ReadRangesOptions = ClientOptions & {
  topic: string;
  /** Several of one partition are read one after the other. */
  ranges: readonly OffsetRange[];
  /** A group of nobody else's: kafkajs reads as one of a group, always. Nothing is committed, and Kafka forgets it within minutes. */
  groupId: string;
  /** How long, in milliseconds, Kafka may have nothing to say: 30,000 when not given. */
  idleMs?: number;
};

/** The end of a reader's life: how long, in milliseconds, leaving the group may take. */
const goodbyeMs = 5000;

/**
 * The messages that lie in some ranges of a topic's offsets, each partition's in their order, then completes: at once where
 * there is nothing to read. Messages that are gone (retention, compaction) are passed over. It does not wait for its
 * subscriber: ask for no more than can be held. To unsubscribe ends the reading.
 * @throws KafkaError; `READ_STALLED` when nothing came for `idleMs`
 */
export function readRanges$(options: ReadRangesOptions): Observable<ReadMessage> {
  return new Observable((subscriber) => read(options, subscriber));
}

function read(options: ReadRangesOptions, out: Subscriber<ReadMessage>): () => void {
  const { topic, idleMs = 30_000 } = options;
  const left = leftToRead(options.ranges);
  if (left.size === 0) {
    out.complete();
    return () => undefined;
  }
  const fail = (error: unknown) => out.error(KafkaError.from(error));
  const stalled = () => fail(new KafkaError('READ_STALLED', `${topic} had nothing to say for ${idleMs} ms`));
  const idle = setTimeout(stalled, idleMs);
  const consumer: GroupConsumer = openGroupConsumer(options, {
    batch: (payload) => {
      idle.refresh();
      const { partition } = payload.batch;
      takeBatch(payload, left, (message) => out.next(message));
      follow(consumer, { topic, partition, read: BigInt(payload.batch.lastOffset()) + 1n }, left);
      if (left.size === 0) out.complete();
    },
    rebalancing: () => undefined,
    joined: (partitions) =>
      partitions.forEach(({ partition }) => follow(consumer, { topic, partition }, left)),
    crashed: fail,
  });
  consumer.run([topic]).catch(fail);
  return () => {
    clearTimeout(idle);
    void consumer.leave(goodbyeMs);
  };
}

/** By partition what is still to be read, the next range first; none where all is read. */
type Left = Map<number, { from: bigint; until: bigint }[]>;

function leftToRead(ranges: readonly OffsetRange[]): Left {
  const left: Left = new Map();
  for (const { partition, from, until } of ranges) {
    if (from < until) left.set(partition, [...(left.get(partition) ?? []), { from, until }]);
  }
  return left;
}

/** Hands on what is in the ranges, and moves them on. A partition whose end was seen has nothing left. */
function takeBatch(payload: EachBatchPayload, left: Left, next: (m: ReadMessage) => void) {
  const { batch } = payload;
  const { topic, partition } = batch;
  const ranges = left.get(partition) ?? [];
  for (const message of batch.messages) {
    const offset = BigInt(message.offset);
    while (ranges[0] && ranges[0].until <= offset) ranges.shift();
    const [range] = ranges;
    if (!range) break;
    payload.resolveOffset(message.offset);
    if (offset < range.from) continue;
    range.from = offset + 1n;
    next(toReadMessage({ topic, partition, message }));
  }
  const read = BigInt(batch.lastOffset()) + 1n;
  while (ranges[0] && (ranges[0].from >= ranges[0].until || ranges[0].until <= read)) ranges.shift();
  if (ranges.length === 0 || read >= BigInt(batch.highWatermark)) left.delete(partition);
}

/** Goes on where the next range of a partition begins, if there is one; `read`: up to there it comes by itself. */
function follow(
  consumer: GroupConsumer,
  { topic, partition, read = -1n }: { topic: string; partition: number; read?: bigint },
  left: Left,
): void {
  const [range] = left.get(partition) ?? [];
  if (!range) consumer.pause({ topic, partition });
  else if (range.from !== read) consumer.seek({ topic, partition }, range.from);
}
