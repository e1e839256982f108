import { FailureReason } from '@payments/contracts/events';
import type { Payment } from '@payments/contracts/events';
import type { ReasonWords, Words } from './words/words.ts';

/** Why a payment failed: in words and, to search for, by its name (`full`), or in a few words (`short`). */
export function reasonText({ failureReason }: Payment, words: Words): ReasonWords {
  const known: ReasonWords | undefined = words.reasons[failureReason];
  if (!known) return { full: words.unknownReason(failureReason), short: words.unknownReason(failureReason) };
  if (failureReason === FailureReason.UNSPECIFIED) return known;
  return { ...known, full: `${known.full} (${FailureReason[failureReason]})` };
}
