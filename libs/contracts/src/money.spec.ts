import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MoneySchema } from './generated/google/type/money_pb.js';
import { currencyDecimals, formatMoney, parseMoney, readMoney, toMoney } from './money.ts';

const money = (currencyCode: string, units: bigint, nanos = 0) =>
  create(MoneySchema, { currencyCode, units, nanos });
const currencies = ['KRW', 'USD', 'BHD', 'JPY', 'CLF', 'XOF'];
const largest = 2n ** 63n - 1n;
const anyAmount = fc.record({
  minor: fc.bigInt({ min: -largest, max: largest }),
  currency: fc.constantFrom(...currencies),
});

describe('currencyDecimals', () => {
  it.each([
    ['KRW', 0],
    ['USD', 2],
    ['BHD', 3],
    ['CLF', 4],
  ])('gives %s the %d decimals of ISO 4217', (currency, decimals) => {
    expect(currencyDecimals(currency)).toBe(decimals);
  });

  it.each(['', 'krw', 'KR', 'ABC', 'XXX', 'XTS', 'XAU', 'constructor'])(
    'knows no currency %p',
    (currency) => {
      expect(currencyDecimals(currency)).toBeUndefined();
    },
  );
});

describe('readMoney', () => {
  it('reads minor units exactly', () => {
    expect(readMoney(money('KRW', 15_000n))).toEqual({ minor: 15_000n, currency: 'KRW' });
    expect(readMoney(money('USD', 12n, 500_000_000))).toEqual({ minor: 1_250n, currency: 'USD' });
    expect(readMoney(money('BHD', 0n, 1_000_000))).toEqual({ minor: 1n, currency: 'BHD' });
    expect(readMoney(money('USD', -1n, -750_000_000))).toEqual({ minor: -175n, currency: 'USD' });
  });

  it.each([
    ['a decimal of a won', money('KRW', 1n, 500_000_000), 'TOO_MANY_DECIMALS'],
    ['a tenth of a cent', money('USD', 0n, 1_000_000), 'TOO_MANY_DECIMALS'],
    ['an unknown currency', money('ABC', 1n), 'UNKNOWN_CURRENCY'],
    ['small letters', money('usd', 1n), 'UNKNOWN_CURRENCY'],
    ['a whole unit of nanos', money('USD', 1n, 1_000_000_000), 'NANOS_OUT_OF_RANGE'],
    ['signs that differ', money('USD', 1n, -10_000_000), 'NANOS_OUT_OF_RANGE'],
    ['more than 64 bits of cents', money('USD', largest / 100n + 1n), 'TOO_LARGE'],
  ])('refuses %s, and never rounds', (_, amount, problem) => {
    expect(readMoney(amount)).toMatchObject({ problem });
  });

  it('gives back what toMoney made, for every amount', () => {
    fc.assert(fc.property(anyAmount, (amount) => expect(readMoney(toMoney(amount))).toEqual(amount)));
  });

  it('accepts a Money only if toMoney makes the same one of it', () => {
    const anyMoney = fc.record({
      currencyCode: fc.constantFrom(...currencies),
      units: fc.bigInt({ min: -largest - 1n, max: largest }),
      nanos: fc.oneof(
        fc.integer({ min: -1_100_000_000, max: 1_100_000_000 }),
        fc.constantFrom(0, 10_000_000),
      ),
    });
    fc.assert(
      fc.property(anyMoney, (init) => {
        const read = readMoney(create(MoneySchema, init));
        if (!('problem' in read)) expect(toMoney(read)).toMatchObject(init);
      }),
    );
  });
});

describe('parseMoney', () => {
  it.each([
    ['15000KRW', money('KRW', 15_000n)],
    ['12.50USD', money('USD', 12n, 500_000_000)],
    ['12.5 USD', money('USD', 12n, 500_000_000)],
    ['0.001BHD', money('BHD', 0n, 1_000_000)],
    ['-3.25USD', money('USD', -3n, -250_000_000)],
    ['-0.25USD', money('USD', 0n, -250_000_000)],
    ['1.5KRW', money('KRW', 1n, 500_000_000)],
    ['5abc', money('abc', 5n)],
  ])('reads %s and leaves the judging to others', (text, expected) => {
    expect(parseMoney(text)).toEqual(expected);
  });

  it.each([
    '',
    'KRW',
    '15000',
    '1,000KRW',
    '.5USD',
    '1.USD',
    '1e3USD',
    '1.0000000001USD',
    '15000WON!',
    '１KRW',
  ])('refuses %p with an example of what to write', (text) => {
    expect(parseMoney(text)).toMatchObject({ problem: 'NOT_AN_AMOUNT' });
  });

  it('refuses more than 64 bits of units', () => {
    expect(parseMoney(`${largest + 1n}KRW`)).toMatchObject({ problem: 'TOO_LARGE' });
  });
});

describe('formatMoney', () => {
  it.each([
    [{ minor: 15_000n, currency: 'KRW' }, '₩15,000'],
    [{ minor: 1_250n, currency: 'USD' }, '$12.50'],
    [{ minor: -5n, currency: 'USD' }, '-$0.05'],
    [{ minor: 1n, currency: 'BHD' }, 'BHD\u00a00.001'],
  ])('writes %o as %s', (amount, text) => {
    expect(formatMoney(amount)).toBe(text);
  });

  it('follows a locale', () => {
    expect(formatMoney({ minor: 123_456n, currency: 'EUR' }, 'de')).toBe('1.234,56\u00a0€');
  });

  it('loses no digit, however large the amount', () => {
    fc.assert(
      fc.property(anyAmount, (amount) => {
        const digits = formatMoney(amount).replaceAll(/\D/g, '');
        expect(BigInt(digits)).toBe(amount.minor < 0n ? -amount.minor : amount.minor);
      }),
    );
  });
});
