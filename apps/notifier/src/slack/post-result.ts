import type { PostOutcome, SlackVerdict } from './slack-verdict.ts';

/**
 * What a request to Slack came to, in a word for metrics and spans. `limited`: too fast for Slack. `unavailable`: Slack is in
 * trouble, or who stands in between. `no_answer`: nobody knows whether the message is in the channel.
 */
export type PostResult = 'told' | 'refused' | 'limited' | 'unavailable' | 'broken_webhook' | 'no_answer';

/** Finds the word. */
export function postResult(outcome: PostOutcome, verdict: SlackVerdict): PostResult {
  switch (verdict.kind) {
    case 'told':
    case 'refused':
      return verdict.kind;
    case 'broken-webhook':
      return 'broken_webhook';
    case 'later':
      if (outcome.kind === 'unanswered') return 'no_answer';
      return verdict.limited ? 'limited' : 'unavailable';
  }
}
