import { formatMoney } from '@payments/contracts/events';
import type { PaymentEvent } from '../event/decode-event.ts';
import type { Outcome } from '../event/outcome.ts';
import { outcomeEmoji } from './outcome-emoji.ts';
import type { Words } from './words/words.ts';

/** Currencies that the total of an outcome names; those of the most payments. */
const mostCurrencies = 5;

/** What one currency comes to. */
type Sum = { currency: string; minor: bigint; payments: number };

/** For each outcome that occurs: how many payments ended so, and what they come to in each currency, in a line. */
export function digestTotals(
  events: readonly PaymentEvent[],
  words: Words,
): { plain: string; mrkdwn: string }[] {
  const outcomes = Object.keys(outcomeEmoji) as Outcome[];
  return outcomes.flatMap((outcome) => {
    const ended = events.filter((event) => event.outcome === outcome);
    if (ended.length === 0) return [];
    const count = words.outcomes[outcome].count(ended.length);
    const rest = ['', ...sumTexts(sumsOf(ended), words)].join(' · ');
    const line = (text: string) => `${outcomeEmoji[outcome]} ${text}${rest}`;
    return [{ plain: line(count), mrkdwn: line(`*${count}*`) }];
  });
}

function sumTexts(sums: readonly Sum[], words: Words): string[] {
  const named = sums.slice(0, mostCurrencies).map((sum) => formatMoney(sum, words.tag));
  const left = sums.length - named.length;
  return left > 0 ? [...named, words.moreCurrencies(left)] : named;
}

/** By currency, those of the most payments first; of as many, by their codes. */
function sumsOf(events: readonly PaymentEvent[]): Sum[] {
  const sums = new Map<string, Sum>();
  for (const { amount } of events) {
    const { currency } = amount;
    const { minor, payments } = sums.get(currency) ?? { minor: 0n, payments: 0 };
    sums.set(currency, { currency, minor: minor + amount.minor, payments: payments + 1 });
  }
  return [...sums.values()].sort((a, b) => b.payments - a.payments || (a.currency < b.currency ? -1 : 1));
}
