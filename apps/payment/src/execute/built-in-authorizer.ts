import type { MinorUnits } from '@payments/contracts';

/** The highest amount of each currency, in minor units. A currency that is not there has no limit. */
export type Limits = ReadonlyMap<string, bigint>;

/** The built-in authorizer: stands where a payment gateway would. It declines what is above the currency's limit. */
export const authorize = (amount: MinorUnits, limits: Limits): 'AUTHORIZED' | 'LIMIT_EXCEEDED' => {
  const limit = limits.get(amount.currency);
  return limit !== undefined && amount.minor > limit ? 'LIMIT_EXCEEDED' : 'AUTHORIZED';
};
