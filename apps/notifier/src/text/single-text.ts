import { formatMoney } from '@payments/contracts/events';
import type { PaymentEvent } from '../event/decode-event.ts';
import { blockLimits, context, facts, header } from './blocks.ts';
import type { Fact, SlackText } from './blocks.ts';
import type { TextOptions } from './text-options.ts';
import { outcomeEmoji } from './outcome-emoji.ts';
import { quoted, quotedAsCode } from './quoted.ts';
import { reasonText } from './reason-text.ts';
import { slackDate } from './slack-date.ts';
import { traceLink } from './trace-link.ts';
import { languages } from './words/languages.ts';
import type { Words } from './words/words.ts';

/** The Slack message of one event. */
export function singleText(event: PaymentEvent, options: TextOptions): SlackText {
  const words: Words = languages[options.locale];
  const amount = formatMoney(event.amount, words.tag);
  const title = `${outcomeEmoji[event.outcome]} ${words.outcomes[event.outcome].title}`;
  return {
    text: `${title}: ${sentence(event, amount, words)}`,
    blocks: [
      header(`${title} · ${amount}`),
      facts(factsOf(event, words)),
      context(smallPrint(event, words, options.traceUrl)),
      ...(options.mayRepeat ? [context([words.mayRepeat])] : []),
    ],
  };
}

/** What is read where no blocks are shown. */
function sentence({ outcome, payment }: PaymentEvent, amount: string, words: Words): string {
  const { reservationId, userId, declineCode } = payment;
  const parts = { amount, reservation: quoted(reservationId), user: quoted(userId) };
  const phrase = words.outcomes[outcome].phrase(parts);
  if (outcome !== 'FAILED') return phrase;
  const { full } = reasonText(payment, words);
  return phrase + words.because(declineCode ? `${full}: ${quoted(declineCode)}` : full);
}

function factsOf({ outcome, payment }: PaymentEvent, words: Words): Fact[] {
  const { reservationId, userId, declineCode } = payment;
  const { labels } = words;
  const all: Fact[] = [
    [labels.reservation, quotedAsCode(reservationId)],
    [labels.user, quotedAsCode(userId)],
  ];
  if (outcome === 'FAILED') all.push([labels.reason, reasonText(payment, words).full]);
  if (outcome === 'FAILED' && declineCode) all.push([labels.declineCode, quotedAsCode(declineCode)]);
  return all;
}

function smallPrint({ payment, occurredAt, traceparent }: PaymentEvent, words: Words, traceUrl?: string) {
  const trace = traceLink({ traceUrl, traceparent, label: words.trace, room: blockLimits.contextElement });
  return [
    `${words.labels.payment} ${quotedAsCode(payment.paymentId, { characters: 60 })}`,
    slackDate(occurredAt),
    ...(trace ? [trace] : []),
  ];
}
