import { randomUUID } from 'node:crypto';
import { deadLetterGroup, deadLetterTopic } from '@payments/contracts';
import { readOffsets, readRanges$ } from '@payments/kafka';
import { lastValueFrom, map, toArray } from 'rxjs';
import type { KafkaPlace } from '../find-kafka.ts';
import { json, print } from '../terminal/output.ts';
import { table } from '../terminal/table.ts';
import { countText, numberText, strangersText } from '../terminal/texts.ts';
import { noTopic, readDeadLetter } from './dead-letter.ts';
import type { DeadLetter } from './dead-letter.ts';
import { exitCodes } from './exit-codes.ts';
import { allRanges, countOf, isIn, newestOf, openRanges } from './open-ranges.ts';

/** What `list` is told. */
export type ListOptions = { all: boolean; limit: number; json: boolean };

/** Shows dead letters, the newest last; returns the exit code. */
export const listDeadLetters = async (
  { kafka, groupId }: KafkaPlace,
  { all, limit, json: asJson }: ListOptions,
): Promise<number> => {
  const group = deadLetterGroup(groupId);
  const offsets = await readOffsets({ kafka, topic: deadLetterTopic, groupId: group });
  const [open, every] = [openRanges(offsets ?? []), allRanges(offsets ?? [])];
  const wanted = all ? every : open;
  const found$ = readRanges$({
    kafka,
    topic: deadLetterTopic,
    groupId: `${group}.look-${randomUUID()}`,
    ranges: newestOf(wanted, limit),
  });
  // Of a message only what is shown is kept: a thousand of them may be a gigabyte.
  const letter$ = found$.pipe(
    map((message) => readDeadLetter(message, isIn(open, { ...message, offset: BigInt(message.offset) }))),
    toArray(),
  );
  const found = (await lastValueFrom(letter$))
    .sort((one, other) => Number(one.setAsideAt) - Number(other.setAsideAt))
    .slice(-limit);
  const counts = { open: countOf(open), done: countOf(every) - countOf(open) };
  const more = Math.max(0, countOf(wanted) - found.length);
  if (asJson) print(json({ ...counts, more, deadLetters: found }));
  else print(offsets ? listText(found, { ...counts, more, all }) : noTopic(kafka.brokers));
  return exitCodes.done;
};

const listText = (
  found: readonly DeadLetter[],
  { open, done, more, all }: { open: number; done: number; more: number; all: boolean },
): string => {
  const headline =
    `${open === 0 ? 'no dead letter is open' : `${countText(open, 'dead letter')} open`}` +
    (done > 0 ? `, ${numberText(done)} dealt with${all ? '' : ' (--all shows them too)'}` : '');
  const rest = more > 0 ? [`… ${numberText(more)} older ones: --limit shows more`] : [];
  const drawn = found.length > 0 ? [...rest, letterTable(found, all)] : [];
  return [headline, ...drawn].join('\n');
};

const letterTable = (found: readonly DeadLetter[], all: boolean): string =>
  table(found, {
    number: ({ number }) => number,
    ...(all && { state: ({ state }: DeadLetter) => state }),
    'set aside': ({ setAsideAt }) => setAsideAt.toISOString(),
    from: ({ origin }) =>
      origin ? strangersText(`${origin.topic} ${origin.partition}/${origin.offset}`, 60) : '',
    ce_id: ({ ceId }) => strangersText(ceId ?? '', 36),
    key: ({ key }) => strangersText(key ?? '', 30),
    reason: ({ reason }) => strangersText(reason, 70),
  });
