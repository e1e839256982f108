import { randomUUID } from 'node:crypto';
import { deadLetterGroup, deadLetterTopic, replayTopic } from '@payments/contracts';
import { readOffsets, readRanges$ } from '@payments/kafka';
import type { OffsetRange, PartitionOffsets, ReadMessage } from '@payments/kafka';
import { bufferCount, concatMap, lastValueFrom, reduce } from 'rxjs';
import type { KafkaPlace } from '../find-kafka.ts';
import { confirm } from '../terminal/confirm.ts';
import { complain, json, print } from '../terminal/output.ts';
import { countText, numberText } from '../terminal/texts.ts';
import { UsageError } from '../usage-error.ts';
import { noTopic } from './dead-letter.ts';
import { dealWithOpen } from './deal-with-open.ts';
import type { Dealt } from './deal-with-open.ts';
import { exitCodes } from './exit-codes.ts';
import { allRanges, countOf, isIn, openRanges } from './open-ranges.ts';
import { openPublisher } from './publish.ts';

/** What the commands are told that change something. */
export type ChangeOptions = { yes: boolean; json: boolean };

/** The number of a dead letter, as `list` shows it. */
export type LetterNumber = { partition: number; offset: bigint };

/** Publishes all open dead letters once more, and counts them as dealt with; returns the exit code. */
export const replayOpen = (place: KafkaPlace, options: ChangeOptions): Promise<number> =>
  changeOpen(place, options, {
    what: (count) => `Publishes ${count} to ${replayTopic}, where the notifier alone reads them once more.`,
    past: 'replayed',
    change: async (open, dealing) => {
      await using publisher = await openPublisher(place.kafka);
      return await dealWithOpen({ place, open, deal: publisher.publish, ...dealing });
    },
  });

/** Counts all open dead letters as dealt with, and publishes none; returns the exit code. */
export const skipOpen = (place: KafkaPlace, options: ChangeOptions): Promise<number> =>
  changeOpen(place, options, {
    what: (count) => `Counts ${count} as dealt with, though they are told nowhere.`,
    past: 'skipped',
    change: (open, dealing) => dealWithOpen({ place, open, deal: () => Promise.resolve(), ...dealing }),
  });

type Dealing = { tell: (done: number) => void; stop: AbortSignal };
type Change = {
  what: (count: string) => string;
  past: 'replayed' | 'skipped';
  change: (open: OffsetRange[], dealing: Dealing) => Promise<Dealt>;
};

const changeOpen = async (
  place: KafkaPlace,
  options: ChangeOptions,
  { what, past, change }: Change,
): Promise<number> => {
  const open = openRanges((await offsetsAt(place)) ?? []).filter((range) => countOf([range]) > 0);
  const count = countOf(open);
  if (count === 0) return tellDone({ end: 'ALL', done: 0 }, { past, count }, options);
  if (!(await isWanted(what(countText(count, 'dead letter')), options))) return exitCodes.refused;
  const tell = progress(count, past);
  const stop = new AbortController();
  const end = () => stop.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    return tellDone(await change(open, { tell, stop: stop.signal }), { past, count }, options);
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
};

const tellDone = (
  { end, done }: Dealt,
  { past, count }: { past: string; count: number },
  options: ChangeOptions,
): number => {
  if (options.json) print(json({ [past]: done, end }));
  else if (count === 0) print('no dead letter is open');
  else print(`${countText(done, 'dead letter')} ${past}`);
  if (end === 'ALL') {
    if (done < count) complain('Another command dealt with the others.');
    return exitCodes.done;
  }
  complain(
    end === 'TAKEN'
      ? 'Another command is at the same dead letters, and goes on with the rest.'
      : `${countText(count - done, 'dead letter')} not ${past} yet: the same command goes on there.`,
  );
  return exitCodes.inPart;
};

/** Publishes some dead letters once more, open or not, and leaves it at that: they are as open as before. */
export const replayChosen = async (
  place: KafkaPlace,
  numbers: readonly LetterNumber[],
  options: ChangeOptions,
): Promise<number> => {
  const offsets = await offsetsAt(place);
  if (!offsets) throw new UsageError(noTopic(place.kafka.brokers));
  const ranges = rangesOf(numbers, offsets);
  const count = countText(ranges.length, 'dead letter');
  const what = `Publishes ${count} to ${replayTopic}, and leaves open what is open.`;
  if (!(await isWanted(what, options))) return exitCodes.refused;
  await using publisher = await openPublisher(place.kafka);
  const groupId = `${deadLetterGroup(place.groupId)}.look-${randomUUID()}`;
  const replayed$ = readRanges$({ kafka: place.kafka, topic: deadLetterTopic, groupId, ranges }).pipe(
    bufferCount(100),
    concatMap(async (batch: ReadMessage[]) => {
      await publisher.publish(batch);
      return batch.length;
    }),
    reduce((sum, batch) => sum + batch, 0),
  );
  const replayed = await lastValueFrom(replayed$);
  print(options.json ? json({ replayed }) : `${countText(replayed, 'dead letter')} replayed`);
  return replayed === ranges.length ? exitCodes.done : exitCodes.inPart;
};

const rangesOf = (numbers: readonly LetterNumber[], offsets: readonly PartitionOffsets[]): OffsetRange[] => {
  const there = allRanges(offsets);
  const absent = numbers.filter((number) => !isIn(there, number));
  if (absent.length > 0) {
    const names = absent.map(({ partition, offset }) => `${partition}/${offset}`).join(', ');
    throw new UsageError(`there is no dead letter ${names}: \`list --all\` shows those there are`);
  }
  // Whoever names one twice wants it once.
  return [...new Map(numbers.map((number) => [`${number.partition}/${number.offset}`, number])).values()]
    .map(({ partition, offset }) => ({ partition, from: offset, until: offset + 1n }))
    .sort((one, other) => Number(one.from - other.from));
};

const offsetsAt = ({ kafka, groupId }: KafkaPlace): Promise<PartitionOffsets[] | undefined> =>
  readOffsets({ kafka, topic: deadLetterTopic, groupId: deadLetterGroup(groupId) });

const isWanted = async (what: string, { yes }: ChangeOptions): Promise<boolean> => {
  if (yes) complain(what);
  else if (!(await confirm(what, { input: process.stdin, output: process.stderr }))) {
    complain('Nothing was done.');
    return false;
  }
  return true;
};

/** How often, in milliseconds, a person who waits is told how far it is. */
const tellEveryMs = 2_000;

const progress = (count: number, past: string): ((done: number) => void) => {
  let toldAt = performance.now();
  return (done) => {
    if (performance.now() - toldAt < tellEveryMs || done === count) return;
    toldAt = performance.now();
    complain(`${numberText(done)} of ${numberText(count)} ${past}`);
  };
};
