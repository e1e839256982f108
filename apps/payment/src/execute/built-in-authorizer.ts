import { isAbove } from '@payments/contracts';
import type { Amounts, MinorUnits } from '@payments/contracts';

/** The highest amount of each currency. A currency that is not there has no limit. */
export type Limits = Amounts;

/** The built-in authorizer: stands where a payment gateway would. It declines what is above the currency's limit. */
export const authorize = (amount: MinorUnits, limits: Limits): 'AUTHORIZED' | 'LIMIT_EXCEEDED' =>
  isAbove(amount, limits) ? 'LIMIT_EXCEEDED' : 'AUTHORIZED';
