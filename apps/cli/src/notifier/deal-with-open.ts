import { deadLetterGroup, deadLetterTopic } from '@payments/contracts';
import { KafkaError, messages$, readOffsets } from '@payments/kafka';
import type { ConsumedMessage, OffsetRange, ReadMessage } from '@payments/kafka';
import { bufferTime, concatMap, filter, lastValueFrom, timeout } from 'rxjs';
import type { KafkaPlace } from '../find-kafka.ts';
import { followOpen } from './open-progress.ts';
import type { OpenProgress } from './open-progress.ts';
import { isIn } from './open-ranges.ts';

/** What is done with all open dead letters. Times in milliseconds. */
export type DealOptions = {
  place: KafkaPlace;
  /** The open ones; what comes meanwhile stays open. */
  open: readonly OffsetRange[];
  deal: (messages: readonly ReadMessage[]) => Promise<void>;
  /** Called with how many are done, after each batch. */
  tell: (done: number) => void;
  stop: AbortSignal;
};

/**
 * How it ended: with `ALL`, or `STOPPED` in the middle. `TAKEN`: another command of the same group has the dead letters, and
 * deals with the rest.
 */
export type Dealt = { end: 'ALL' | 'STOPPED' | 'TAKEN'; done: number };

/** Batches for one send: small enough that little is repeated after a crash. */
const [batchMs, batchMessages, maxUncommitted] = [50, 500, 1_000];
/** Messages that retention has taken meanwhile never come. */
const nothingComesMs = 60_000;

/**
 * Deals with the open dead letters in their order, as the one consumer group that keeps how far they are dealt with: each is
 * counted after it was dealt with, so at least once. The group lets no two commands have them at a time.
 * @throws KafkaError; what was dealt with is counted all the same
 */
export const dealWithOpen = async ({ place, open, deal, tell, stop }: DealOptions): Promise<Dealt> => {
  const over = new AbortController();
  const progress = followOpen(open);
  const endWhenOver = () => progress.isOver() && over.abort();

  const read$ = messages$({
    kafka: place.kafka,
    groupId: deadLetterGroup(place.groupId),
    topics: [deadLetterTopic],
    signal: AbortSignal.any([stop, over.signal]),
    onJoined: (partitions) => {
      progress.assigned(partitions);
      endWhenOver();
      // Another command may have dealt with all of it before this one came to it: then nothing comes.
      void groupStands(place, progress).then(endWhenOver);
    },
    maxUncommitted,
  });
  const dealWith = async (batch: ConsumedMessage[]): Promise<void> => {
    await deal(batch);
    for (const message of batch) {
      message.ack();
      progress.dealtWith(message.partition, BigInt(message.offset) + 1n);
    }
    tell(progress.done());
    endWhenOver();
  };
  const dealt$ = read$.pipe(
    timeout({ each: nothingComesMs, with: stalled }),
    filter((message) => isOpen(message, open)),
    bufferTime(batchMs, undefined, batchMessages),
    filter((batch) => batch.length > 0),
    concatMap(dealWith),
  );
  await lastValueFrom(dealt$, { defaultValue: undefined });
  return { end: progress.isAll() ? 'ALL' : stop.aborted ? 'STOPPED' : 'TAKEN', done: progress.done() };
};

/** What came meanwhile is not dealt with, and nothing behind it is committed. */
const isOpen = (message: ConsumedMessage, open: readonly OffsetRange[]): boolean => {
  const is = isIn(open, { partition: message.partition, offset: BigInt(message.offset) });
  if (!is) message.leave();
  return is;
};

/** A Kafka that does not tell is met by the reading as well, which says so. */
const groupStands = async ({ kafka, groupId }: KafkaPlace, progress: OpenProgress): Promise<void> => {
  const asked = { kafka, topic: deadLetterTopic, groupId: deadLetterGroup(groupId) };
  const offsets = await readOffsets(asked).catch(() => undefined);
  for (const { partition, low, committed = low } of offsets ?? [])
    progress.standsAt(partition, committed > low ? committed : low);
};

const stalled = (): never => {
  throw new KafkaError('READ_STALLED', `${deadLetterTopic} had nothing to say for a minute`);
};
