import type { MinorUnits } from '@payments/contracts';
import { authorize } from './authorize.ts';
import type { Limits } from './authorize.ts';

/** What a reservation's payment comes to. */
export type Outcome =
  { state: 'COMPLETED' } | { state: 'FAILED'; failureReason: 'ALREADY_PAID' | 'LIMIT_EXCEEDED' };

/** Decides one payment. A reservation that is paid is never authorized again, whatever the amount. */
export const decideOutcome = (options: {
  amount: MinorUnits;
  alreadyPaid: boolean;
  limits: Limits;
}): Outcome => {
  if (options.alreadyPaid) return { state: 'FAILED', failureReason: 'ALREADY_PAID' };
  const answer = authorize(options.amount, options.limits);
  return answer === 'AUTHORIZED' ? { state: 'COMPLETED' } : { state: 'FAILED', failureReason: answer };
};
