import type { MinorUnits } from '@payments/contracts';
import type { Gateway } from '../gateway/gateway.ts';
import { authorize } from './built-in-authorizer.ts';
import type { Limits } from './built-in-authorizer.ts';

/** What a reservation's payment comes to in the order's own transaction. PENDING: the payment gateway decides. */
export type Outcome =
  | { state: 'COMPLETED' }
  | { state: 'PENDING'; askedOf: string }
  | { state: 'FAILED'; failureReason: 'ALREADY_PAID' | 'LIMIT_EXCEEDED' };

/**
 * Decides one payment. A reservation that is paid is never authorized again, whatever the amount. The limits are the
 * built-in authorizer's: a payment gateway has its own.
 */
export const decideOutcome = (options: {
  amount: MinorUnits;
  alreadyPaid: boolean;
  gateway: Pick<Gateway, 'host'> | undefined;
  limits: Limits;
}): Outcome => {
  if (options.alreadyPaid) return { state: 'FAILED', failureReason: 'ALREADY_PAID' };
  if (options.gateway) return { state: 'PENDING', askedOf: options.gateway.host };
  const answer = authorize(options.amount, options.limits);
  return answer === 'AUTHORIZED' ? { state: 'COMPLETED' } : { state: 'FAILED', failureReason: answer };
};
