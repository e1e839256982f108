import type { Outcome } from '../event/outcome.ts';

/** What tells outcomes apart at a glance, in every language. */
export const outcomeEmoji: Record<Outcome, string> = {
  COMPLETED: '✅',
  FAILED: '❌',
  REFUNDED: '↩️',
};
