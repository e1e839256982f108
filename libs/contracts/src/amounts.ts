import { parseMoney, readMoney } from './money.ts';
import type { MinorUnits } from './money.ts';

/** An amount for each of some currencies of ISO 4217, in minor units. */
export type Amounts = ReadonlyMap<string, bigint>;

/** Completes the sentence "must be …" about a text that {@link parseAmounts} did not take. */
export const amountsExpected =
  'amounts of currencies of ISO 4217, each currency once and with no more decimals than it has, for example KRW=1000000,USD=1000';

const asMinorUnits = (entry: string): MinorUnits | undefined => {
  const [, currency, amount] = /^([A-Z]{3})=([\d.]+)$/.exec(entry.trim()) ?? [];
  const parsed = parseMoney(`${amount}${currency}`);
  if ('problem' in parsed) return undefined;
  const read = readMoney(parsed);
  return 'problem' in read ? undefined : read;
};

/** Reads `KRW=1000000,USD=1000`. Undefined: one of them is not an amount, or a currency has two. */
export const parseAmounts = (text: string): Amounts | undefined => {
  const entries = text.split(',').map(asMinorUnits);
  const amounts = new Map(
    entries.flatMap((entry) => (entry ? [[entry.currency, entry.minor] as const] : [])),
  );
  return amounts.size === entries.length ? amounts : undefined;
};

/** Whether an amount is above the one of its currency. A currency that is not there has no bound: nothing is above it. */
export const isAbove = ({ minor, currency }: MinorUnits, amounts: Amounts): boolean => {
  const bound = amounts.get(currency);
  return bound !== undefined && minor > bound;
};
