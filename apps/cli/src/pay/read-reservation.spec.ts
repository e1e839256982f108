import { describe, expect, it } from '@jest/globals';
import { readReservation } from './read-reservation.ts';
import { UsageError } from '../usage-error.ts';

describe('readReservation', () => {
  it.each([
    ['r-1=15000KRW', 'r-1', { currencyCode: 'KRW', units: 15_000n }],
    ['예약 1=12.50USD', '예약 1', { currencyCode: 'USD', units: 12n, nanos: 500_000_000 }],
    ['a=b==1KRW', 'a=b=', { currencyCode: 'KRW', units: 1n }],
    ['=1KRW', '', { currencyCode: 'KRW', units: 1n }],
    ['r=-1.5abc', 'r', { currencyCode: 'abc', units: -1n, nanos: -500_000_000 }],
  ])('reads %s, and leaves the judging to the service', (argument, reservationId, amount) => {
    expect(readReservation(argument)).toMatchObject({ reservationId, amount });
  });

  it.each(['r-1', 'r-1=', 'r-1=KRW', 'r-1=1,000KRW', 'r-1=15000'])(
    'names %p and what to write instead',
    (argument) => {
      expect(() => readReservation(argument)).toThrow(UsageError);
      expect(() => readReservation(argument)).toThrow(`"${argument}"`);
      expect(() => readReservation(argument)).toThrow('such as');
    },
  );
});
