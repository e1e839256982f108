import type { PaymentEvent } from '../event/decode-event.ts';
import { blockLimits, context, header, section } from './blocks.ts';
import type { SlackText } from './blocks.ts';
import type { TextOptions } from './text-options.ts';
import { digestLine } from './digest-line.ts';
import { digestTotals } from './digest-totals.ts';
import { outcomeEmoji } from './outcome-emoji.ts';
import { cost } from './quoted.ts';
import { languages } from './words/languages.ts';
import type { Words } from './words/words.ts';

/** More lines would leave too little room for each. */
const mostLines = 20;

/**
 * What the lines together may cost. Slack refuses blocks of about 13,000 characters in all, in which each block counts
 * for some 125 by itself (https://github.com/slackapi/bolt-js/issues/2509); title, totals and small print need 2,000.
 */
const roomForLines = 10_400;

/** Several events in one message: how many, totals, and a line for as many as there is room for. */
export function digestText(events: readonly PaymentEvent[], options: TextOptions): SlackText {
  const words: Words = languages[options.locale];
  const title = titleOf(events, words);
  const totals = digestTotals(events, words);
  const listed = eventsWithALine(events, Math.min(options.digestLines, mostLines));
  const more = moreText(events, listed, words);
  const smallPrint = [...(more ? [more] : []), ...(options.mayRepeat ? [words.mayRepeat] : [])];
  return {
    text: [title, ...totals.map(({ plain }) => plain)].join('\n'),
    blocks: [
      header(title),
      ...inSections(totals.map(({ mrkdwn }) => mrkdwn)),
      ...inSections(linesOf(listed, words, options.traceUrl)),
      ...(smallPrint.length > 0 ? [context(smallPrint)] : []),
    ],
  };
}

function titleOf(events: readonly PaymentEvent[], words: Words): string {
  const failed = failures(events);
  const title = `🧾 ${words.digest(events.length)}`;
  return failed === 0 ? title : `${title} · ${outcomeEmoji.FAILED} ${words.outcomes.FAILED.count(failed)}`;
}

const failures = (events: readonly PaymentEvent[]) =>
  events.filter(({ outcome }) => outcome === 'FAILED').length;

/** Failures come first to a line, whatever their place; all that have one stand in the order of the events. */
function eventsWithALine(events: readonly PaymentEvent[], lines: number): PaymentEvent[] {
  let forFailures = Math.min(failures(events), lines);
  let forOthers = lines - forFailures;
  return events.filter(({ outcome }) => (outcome === 'FAILED' ? forFailures-- : forOthers--) > 0);
}

function moreText(
  events: readonly PaymentEvent[],
  listed: readonly PaymentEvent[],
  words: Words,
): string | undefined {
  const left = { events: events.length - listed.length, failed: failures(events) - failures(listed) };
  return left.events > 0 ? words.more(left) : undefined;
}

/** Each line may have its share of what those before it left. */
function linesOf(listed: readonly PaymentEvent[], words: Words, traceUrl: string | undefined): string[] {
  let left = roomForLines;
  return listed.map((event, index) => {
    const share = Math.floor(left / (listed.length - index));
    const line = digestLine(event, { words, traceUrl, room: Math.min(share, blockLimits.section) });
    left -= cost(line);
    return line;
  });
}

/** As few sections as hold the lines, none of which is longer than a section. */
function inSections(lines: readonly string[]): SlackText['blocks'] {
  const sections: string[][] = [];
  let left = 0;
  for (const line of lines) {
    if (left < line.length) {
      sections.push([]);
      left = blockLimits.section;
    }
    sections.at(-1)?.push(line);
    left -= line.length + 1;
  }
  return sections.map(section);
}
