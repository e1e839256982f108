import { formatMoney } from '@payments/contracts/events';
import type { PaymentEvent } from '../event/decode-event.ts';
import { outcomeEmoji } from './outcome-emoji.ts';
import { cost, quotedAsCode } from './quoted.ts';
import { reasonText } from './reason-text.ts';
import { slackDate } from './slack-date.ts';
import { traceLink } from './trace-link.ts';
import type { Words } from './words/words.ts';

const separator = ' · ';

/** Characters of a user's or a reservation's id, and of a decline code, that a line shows. */
const idCharacters = 60;
const codeCharacters = 30;

/** The least that a text which must be there is given: a few characters and the mark. */
const least = 12;

/**
 * The line of a digest for one event, which costs no more than `room`: 520 at least, so that there is room for what
 * cannot be cut and for a whole reservation id of up to 60 characters, whatever they are. In what is left come the
 * decline code, the user and the link to the trace, in this order.
 */
export function digestLine(
  event: PaymentEvent,
  { room, words, traceUrl }: { room: number; words: Words; traceUrl: string | undefined },
): string {
  const { payment, traceparent } = event;
  const bare = lineOf(event, { user: '', declineCode: '' }, words);
  const declineCode = declineCodeOf(event, room - cost(bare) - least);
  const user = quotedAsCode(payment.userId, {
    characters: idCharacters,
    cost: room - cost(lineOf(event, { user: '', declineCode }, words)),
  });
  const line = lineOf(event, { user, declineCode }, words);
  const left = room - cost(line) - separator.length;
  const trace = traceLink({ traceUrl, traceparent, label: words.trace, room: left });
  return trace ? line + separator + trace : line;
}

function lineOf(
  { outcome, payment, amount, occurredAt }: PaymentEvent,
  { user, declineCode }: { user: string; declineCode: string },
  words: Words,
): string {
  const reservation = quotedAsCode(payment.reservationId, { characters: idCharacters });
  const parts = { amount: `*${formatMoney(amount, words.tag)}*`, reservation, user };
  const phrase = `${outcomeEmoji[outcome]} ${words.outcomes[outcome].phrase(parts)}`;
  const reason = outcome === 'FAILED' ? words.because(reasonText(payment, words).short + declineCode) : '';
  return phrase + reason + separator + slackDate(occurredAt);
}

function declineCodeOf({ outcome, payment }: PaymentEvent, room: number): string {
  const before = ' ';
  if (outcome !== 'FAILED' || !payment.declineCode || room < before.length + least) return '';
  const code = { characters: codeCharacters, cost: room - before.length };
  return before + quotedAsCode(payment.declineCode, code);
}
