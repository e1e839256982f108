import type { KafkaError } from '@payments/kafka';

/** How often what Kafka refuses for a reason that nobody knows is tried, once it is known which message it is. */
const triesOfUnknown = 3;

/**
 * What to do about dead letters that Kafka did not take:
 * - `again`: all of them, later. Kafka or the topic is in trouble, nothing is wrong with any message
 * - `halves`: one of them is refused, and it is to be found out which
 * - `refuse`: this one, alone, can never be set aside
 */
export type Next = 'again' | 'halves' | 'refuse';

/** How often the same ones, together, were not taken, by what was judged of it; this time included. */
export type Refusals = Partial<Record<KafkaError['verdict'], number>>;

/** Decides it. How long Kafka was away before says nothing of a message: only what nobody knows counts as a try. */
export function whatNext(
  { verdict }: Pick<KafkaError, 'verdict'>,
  count: number,
  { bisect: unknown = 1 }: Refusals,
): Next {
  switch (verdict) {
    case 'retry':
    case 'park-topic':
      return 'again';
    case 'park-message':
      return count > 1 ? 'halves' : 'refuse';
    case 'bisect':
      if (count > 1) return 'halves';
      return unknown < triesOfUnknown ? 'again' : 'refuse';
  }
}
