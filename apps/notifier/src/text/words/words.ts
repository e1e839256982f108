import type { FailureReason } from '@payments/contracts/events';
import type { Outcome } from '../../event/outcome.ts';

/** What a payment was about, as Slack text, ready to be put into a phrase. */
export type PhraseParts = { amount: string; reservation: string; user: string };

/** How an outcome is said. */
export type OutcomeWords = {
  /** A title of a few words. */
  title: string;
  /** So many of a digest ended this way. */
  count: (payments: number) => string;
  /** The payment in one phrase, which may follow a title and a colon. */
  phrase: (parts: PhraseParts) => string;
};

/** Why a payment failed: `full` where there is room, `short` (20 characters at most) in a line of a digest. */
export type ReasonWords = { full: string; short: string };

/**
 * All that a language says, and the tag (BCP 47) by which it writes amounts. A language is a file with these, and a
 * line in `languages.ts`. Nothing in them is a user's, so they are Slack text as they are.
 */
export type Words = {
  tag: string;
  outcomes: Record<Outcome, OutcomeWords>;
  reasons: Record<FailureReason, ReasonWords>;
  /** A reason of a newer contract, by its number. */
  unknownReason: (reason: number) => string;
  /** Puts a reason behind the phrase of what failed. */
  because: (reason: string) => string;
  labels: { reservation: string; user: string; reason: string; declineCode: string; payment: string };
  /** The label of the link to a trace. */
  trace: string;
  /** A post of before, of which nobody knows whether it arrived, may have told the same. */
  mayRepeat: string;
  /** The title of a digest of so many events. */
  digest: (events: number) => string;
  /** What a digest has no line for. */
  more: (left: { events: number; failed: number }) => string;
  /** Currencies that totals leave out. */
  moreCurrencies: (currencies: number) => string;
};
