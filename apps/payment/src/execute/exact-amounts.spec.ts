import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { ExecutePaymentsRequestSchema, toMoney } from '@payments/contracts';
import fc from 'fast-check';
import { PaymentError } from '../call/payment-error.ts';
import { readOrder } from './read-order.ts';

const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -20n, max: 20n }),
);
const int32 = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  // What has few decimals, so that amounts of every currency are among them.
  fc.integer({ min: -1_100, max: 1_100 }).map((thousandths) => thousandths * 1_000_000),
);
/** Of ISO 4217, written down here once more. */
const decimals: Readonly<Record<string, bigint>> = { KRW: 0n, JPY: 0n, USD: 2n, BHD: 3n, KWD: 3n, UYW: 4n };
const known = fc.constantFrom(...Object.keys(decimals));
const currencyCode = fc.oneof(known, fc.constantFrom('', 'krw', 'XXX', 'XAU', 'KRW ', 'DEM'));
const money = fc.record({ units: int64, nanos: int32, currencyCode });

const read = (amount: object) =>
  readOrder(
    create(ExecutePaymentsRequestSchema, { userId: 'u', reservations: [{ reservationId: 'r', amount }] }),
  ).reservations[0]?.amount;

/** The amount in nano-units, by another way than the service's. */
const nanosOf = ({ units, nanos }: { units: bigint; nanos: number }) => units * 10n ** 9n + BigInt(nanos);

const runs = { numRuns: 5_000, seed: 20_260_301 };

describe('an amount', () => {
  it('that is taken is the same in minor units and back, to the last digit; all others are refused', () => {
    let taken = 0;
    fc.assert(
      fc.property(money, (amount) => {
        let minorUnits;
        try {
          minorUnits = read(amount);
        } catch (error) {
          expect(error).toBeInstanceOf(PaymentError);
          return;
        }
        if (!minorUnits) throw new Error('an order without its reservation');
        taken += 1;
        expect(toMoney(minorUnits)).toMatchObject(amount);
        const nanosOfMinor = 10n ** (9n - (decimals[amount.currencyCode] ?? -1n));
        expect(minorUnits.minor * nanosOfMinor).toBe(nanosOf(amount));
        expect(minorUnits.minor > 0n && minorUnits.minor < 2n ** 63n).toBe(true);
      }),
      runs,
    );
    expect(taken).toBeGreaterThan(100);
  });

  it('of a currency, positive, with no more decimals than it has, is always taken', () => {
    const good = fc.record({
      minor: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
      currency: known,
    });
    fc.assert(
      fc.property(good, (minorUnits) => expect(read(toMoney(minorUnits))).toEqual(minorUnits)),
      runs,
    );
  });

  it('with a decimal more than its currency has is refused, however small', () => {
    const tooFine = fc.record({
      minor: fc.bigInt({ min: 1n, max: 10n ** 12n }),
      currency: known,
      rest: fc.integer({ min: 1, max: 99_999 }),
    });
    fc.assert(
      fc.property(tooFine, ({ rest, ...minorUnits }) => {
        const { units, nanos, currencyCode: code } = toMoney(minorUnits);
        expect(() => read({ units, nanos: nanos + rest, currencyCode: code })).toThrow('amount.nanos');
      }),
      runs,
    );
  });
});
