import type { SlackMessage } from '@payments/servers';
import type { SentEvent } from './payment-events.fixture.ts';

/** Finds the events that a message in the channel tells of, in the order of its lines; one that it names twice is there twice. */
export type ReadTold = (message: Pick<SlackMessage, 'blocks'>) => SentEvent[];

/** A digest names messages, and a text of one event its user: each is one event's own. */
export function readTold(events: readonly SentEvent[]): ReadTold {
  const byMark = new Map(events.flatMap((event) => [event.id, event.userId].map((mark) => [mark, event])));
  return ({ blocks }) => [...wordsOf(blocks)].flatMap(([mark]) => byMark.get(mark) ?? []);
}

/** A line's end is two characters in JSON, the second of which is a letter. */
const wordsOf = (blocks: SlackMessage['blocks']) =>
  JSON.stringify(blocks)
    .replaceAll('\\n', ' ')
    .matchAll(/[\w-]+/g);
