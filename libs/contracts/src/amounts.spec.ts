import { describe, expect, it } from '@jest/globals';
import { isAbove, parseAmounts } from './amounts.ts';

describe('parseAmounts', () => {
  it('reads minor units of each currency', () => {
    expect([...(parseAmounts('KRW=500,USD=10.50, BHD=1.001') ?? [])]).toEqual([
      ['KRW', 500n],
      ['USD', 1_050n],
      ['BHD', 1_001n],
    ]);
  });

  it.each(['', 'KRW', 'KRW=', 'KRW=-1', 'KRW=1.5', 'ABC=1', 'KRW=1;USD=2', 'KRW=1,KRW=2', 'KRW=1,', 'krw=1'])(
    'refuses %p',
    (text) => {
      expect(parseAmounts(text)).toBeUndefined();
    },
  );
});

describe('isAbove', () => {
  const amounts = new Map([['KRW', 500n]]);
  it.each([
    [{ minor: 501n, currency: 'KRW' }, true],
    [{ minor: 500n, currency: 'KRW' }, false],
    [{ minor: 501n, currency: 'USD' }, false],
  ])('says of %p: %p', (amount, above) => {
    expect(isAbove(amount, amounts)).toBe(above);
  });
});
