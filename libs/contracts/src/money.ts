import { create } from '@bufbuild/protobuf';
import currencyCodes from 'currency-codes';
import { MoneySchema } from './generated/google/type/money_pb.js';
import type { Money } from './generated/google/type/money_pb.js';

const nanosPerUnit = 1_000_000_000n;
const largestInt64 = 2n ** 63n - 1n;

/** An exact amount: whole minor units of an ISO 4217 currency. 12.50 USD is 1250, 15 000 KRW is 15000. */
export type MinorUnits = { minor: bigint; currency: string };

/** Why an amount cannot be taken, with the remedy in `description`. */
export type MoneyProblem = {
  problem: 'NOT_AN_AMOUNT' | 'UNKNOWN_CURRENCY' | 'NANOS_OUT_OF_RANGE' | 'TOO_MANY_DECIMALS' | 'TOO_LARGE';
  description: string;
};

/** ISO 4217 also has codes for metals, bond units, tests and "no currency": nobody pays with those. */
const isPaidWith = (countries: readonly string[]) => countries.some((country) => !/^Zz\d/.test(country));

const decimalsByCurrency = new Map(
  currencyCodes.data
    .filter(({ countries }) => isPaidWith(countries))
    .map(({ code, digits }) => [code, digits] as const),
);

/** How many decimals ISO 4217 gives a currency: KRW 0, USD 2, BHD 3. Undefined: there is no such currency. */
export const currencyDecimals = (currency: string): number | undefined => decimalsByCurrency.get(currency);

/** The decimals of a currency that was checked when it came in; throws RangeError for any other. */
const decimalsOf = (currency: string): number => {
  const decimals = currencyDecimals(currency);
  if (decimals === undefined) throw new RangeError(`${currency} is not a currency of ISO 4217`);
  return decimals;
};

const unknownCurrency = (currency: string): MoneyProblem => ({
  problem: 'UNKNOWN_CURRENCY',
  description: `"${currency}" is not a currency of ISO 4217: give its three capital letters, such as KRW or USD`,
});

const tooManyDecimals = (currency: string, decimals: number): MoneyProblem => ({
  problem: 'TOO_MANY_DECIMALS',
  description:
    decimals === 0
      ? `${currency} has no decimals: give a whole amount; nothing is rounded`
      : `${currency} has ${decimals} decimals: give no more; nothing is rounded`,
});

const nanosOutOfRange: MoneyProblem = {
  problem: 'NANOS_OUT_OF_RANGE',
  description: 'nanos must lie within ±999,999,999 and have the sign of units',
};

const tooLarge: MoneyProblem = { problem: 'TOO_LARGE', description: 'more minor units than 64 bits hold' };

const nanosFit = ({ units, nanos }: Money) =>
  Math.abs(nanos) < Number(nanosPerUnit) && (units === 0n || nanos === 0 || units > 0n === nanos > 0);

/**
 * Reads a `google.type.Money` exactly. It may be zero or negative; it is never rounded: more decimals than the currency
 * has are a problem, as are an unknown currency, nanos that break the type's rules, and more than 64 bits.
 */
export const readMoney = (money: Money): MinorUnits | MoneyProblem => {
  const decimals = currencyDecimals(money.currencyCode);
  if (decimals === undefined) return unknownCurrency(money.currencyCode);
  if (!nanosFit(money)) return nanosOutOfRange;
  const nanosPerMinor = nanosPerUnit / 10n ** BigInt(decimals);
  if (BigInt(money.nanos) % nanosPerMinor !== 0n) return tooManyDecimals(money.currencyCode, decimals);
  const minor = money.units * 10n ** BigInt(decimals) + BigInt(money.nanos) / nanosPerMinor;
  return minor > largestInt64 || minor < -largestInt64 ? tooLarge : { minor, currency: money.currencyCode };
};

/** The same amount as `google.type.Money`. Throws RangeError for a currency that ISO 4217 does not have. */
export const toMoney = ({ minor, currency }: MinorUnits): Money => {
  const scale = 10n ** BigInt(decimalsOf(currency));
  return create(MoneySchema, {
    currencyCode: currency,
    units: minor / scale,
    nanos: Number((minor % scale) * (nanosPerUnit / scale)),
  });
};

/**
 * Reads what people type: `15000KRW`, `12.50USD`, `12.5 USD`. Whether the amount makes sense (currency, decimals, sign)
 * is not judged here but by `readMoney`; only what no `google.type.Money` can hold is a problem.
 */
export const parseMoney = (text: string): Money | MoneyProblem => {
  const match = /^([-+]?)(\d+)(?:\.(\d{1,9}))?\s?([A-Za-z]{3})$/.exec(text);
  const [, sign, whole = '', fraction = '', currencyCode = ''] = match ?? [];
  const description = `"${text}" is not an amount: write digits, then the currency, such as 15000KRW or 12.50USD`;
  if (!match) return { problem: 'NOT_AN_AMOUNT', description };
  const factor = sign === '-' ? -1 : 1;
  const units = BigInt(whole) * BigInt(factor);
  if (BigInt(whole) > largestInt64) return tooLarge;
  return create(MoneySchema, { currencyCode, units, nanos: Number(fraction.padEnd(9, '0')) * factor });
};

/** `1250n` of a currency with 2 decimals as `12.50`. */
const decimalText = (minor: bigint, decimals: number): string => {
  const digits = String(minor < 0n ? -minor : minor).padStart(decimals + 1, '0');
  const split = digits.length - decimals;
  const fraction = decimals === 0 ? '' : `.${digits.slice(split)}`;
  return `${minor < 0n ? '-' : ''}${digits.slice(0, split)}${fraction}`;
};

/**
 * An amount for people: ₩15,000, $12.50. With the currency's decimals of ISO 4217, exactly, however large.
 * Throws RangeError for a currency that ISO 4217 does not have. `locale` is a BCP 47 tag.
 */
export const formatMoney = ({ minor, currency }: MinorUnits, locale = 'en'): string => {
  const decimals = decimalsOf(currency);
  return new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
    // A string is formatted exactly, where a number would lose digits above 2^53.
  }).format(decimalText(minor, decimals) as `${number}`);
};
