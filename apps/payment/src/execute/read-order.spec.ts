import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { ExecutePaymentsRequestSchema, rpcErrorMetadata, statusDetailsTrailer } from '@payments/contracts';
import { PaymentError } from '../call/payment-error.ts';
import { checkOrder, readOrder } from './read-order.ts';

type Init = NonNullable<Parameters<typeof create<typeof ExecutePaymentsRequestSchema>>[1]>;

const krw = (units: bigint, nanos = 0) => ({ currencyCode: 'KRW', units, nanos });
const order = (init: Init) => create(ExecutePaymentsRequestSchema, { userId: 'u-1', ...init });
const faults = (init: Init) => checkOrder(order(init)).map(({ field, reason }) => `${field} ${reason}`);
const thrownBy = (work: () => unknown): PaymentError => {
  try {
    work();
  } catch (error) {
    if (error instanceof PaymentError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};
const one = (reservationId: string, amount = krw(1n)) => [{ reservationId, amount }];

describe('readOrder', () => {
  it('reads a good order, in the order asked', () => {
    const request = order({
      requestId: '3F2B8C1E-5D0A-4B6F-9C7E-1A2B3C4D5E6F',
      userId: '사용자-1',
      reservations: [
        { reservationId: 'r-2', amount: { currencyCode: 'USD', units: 12n, nanos: 500_000_000 } },
        { reservationId: '예약=1', amount: krw(15_000n) },
      ],
    });
    expect(readOrder(request)).toEqual({
      requestId: '3f2b8c1e-5d0a-4b6f-9c7e-1a2b3c4d5e6f',
      userId: '사용자-1',
      reservations: [
        { reservationId: 'r-2', amount: { minor: 1_250n, currency: 'USD' } },
        { reservationId: '예약=1', amount: { minor: 15_000n, currency: 'KRW' } },
      ],
    });
  });

  it('refuses with every bad field, and names the first ones in the message', () => {
    const bad = order({ userId: '', reservations: one('') });
    expect(() => readOrder(bad)).toThrow('user_id, reservations[0].reservation_id');
  });

  it('refuses the worst order there can be in less than the 8 KiB of trailers that every client takes', () => {
    const reservations = Array.from({ length: 101 }, () => ({
      reservationId: '\u0000'.repeat(201),
      amount: { currencyCode: '예'.repeat(200), units: -1n, nanos: 1 },
    }));
    const { code, message, details } = thrownBy(() => readOrder(order({ requestId: 'x', reservations })));
    const [trailer] = rpcErrorMetadata(code, message, details).get(statusDetailsTrailer);
    expect(Buffer.from(trailer ?? '').toString('base64').length + message.length).toBeLessThan(8_192);
    expect(details.violations?.slice(0, 2)).toMatchObject([
      { field: 'request_id' },
      { field: 'reservations', reason: 'TOO_MANY' },
    ]);
    expect(details.violations?.at(-1)?.description).toMatch(/more faults are not listed$/);
  });
});

describe('checkOrder', () => {
  it('wants at least one reservation and at most 100', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ reservationId: `r-${i}`, amount: krw(1n) }));
    expect(faults({ reservations: [] })).toEqual(['reservations REQUIRED']);
    expect(faults({ reservations: many(100) })).toEqual([]);
    expect(faults({ reservations: many(101) })).toEqual(['reservations TOO_MANY']);
  });

  it('is not slower for half a million reservations than it is for 101', () => {
    const reservations = Array.from({ length: 500_000 }, () => ({}));
    const found = checkOrder(order({ reservations }));
    expect(found[0]).toMatchObject({ field: 'reservations', reason: 'TOO_MANY' });
    expect(found.length).toBeLessThan(210);
  });

  it('names both places of a reservation that stands twice, and each in the description of the other', () => {
    const twice = checkOrder(order({ reservations: [...one('r-1'), ...one('r-2'), ...one('r-1', krw(2n))] }));
    expect(twice).toMatchObject([
      {
        field: 'reservations[0].reservation_id',
        reason: 'DUPLICATE',
        description: expect.stringContaining('reservations[2]'),
      },
      {
        field: 'reservations[2].reservation_id',
        reason: 'DUPLICATE',
        description: expect.stringContaining('reservations[0]'),
      },
    ]);
  });

  it('names every fault of a reservation that stands twice with different faults', () => {
    const reservations = [
      ...one('r-1', krw(0n)),
      { reservationId: 'r-1', amount: { currencyCode: 'ABC', units: 1n } },
    ];
    expect(faults({ reservations })).toEqual([
      'reservations[0].amount NOT_POSITIVE',
      'reservations[1].amount.currency_code UNKNOWN_CURRENCY',
      'reservations[0].reservation_id DUPLICATE',
      'reservations[1].reservation_id DUPLICATE',
    ]);
  });

  it('takes differently spelled ids for different reservations', () => {
    expect(faults({ reservations: [...one('r-1'), ...one('R-1'), ...one('r-1 ')] })).toEqual([]);
  });

  it.each([
    ['missing', undefined, ['reservations[0].amount REQUIRED']],
    ['zero', krw(0n), ['reservations[0].amount NOT_POSITIVE']],
    ['negative', krw(-1n), ['reservations[0].amount NOT_POSITIVE']],
    [
      'of more decimals than won have',
      krw(1n, 500_000_000),
      ['reservations[0].amount.nanos TOO_MANY_DECIMALS'],
    ],
    ['of nanos with another sign', krw(1n, -1), ['reservations[0].amount.nanos NANOS_OUT_OF_RANGE']],
    [
      'negative and of no currency',
      { currencyCode: '', units: -1n },
      ['reservations[0].amount NOT_POSITIVE', 'reservations[0].amount.currency_code UNKNOWN_CURRENCY'],
    ],
    [
      'larger than 64 bits of cents',
      { currencyCode: 'USD', units: 2n ** 62n },
      ['reservations[0].amount.units TOO_LARGE'],
    ],
  ])('names an amount that is %s', (_, amount, expected) => {
    expect(faults({ reservations: [{ reservationId: 'r-1', ...(amount && { amount }) }] })).toEqual(expected);
  });

  it('counts characters, not bytes or halves of them', () => {
    for (const character of ['a', '예', '😀']) {
      expect(faults({ userId: character.repeat(200), reservations: one(character.repeat(200)) })).toEqual([]);
      expect(faults({ userId: character.repeat(201), reservations: one(character.repeat(201)) })).toEqual([
        'user_id TOO_LONG',
        'reservations[0].reservation_id TOO_LONG',
      ]);
    }
  });

  it('refuses control characters, which a log or a database would not take', () => {
    expect(faults({ userId: 'u\u0000', reservations: one('r\n') })).toEqual([
      'user_id CONTROL_CHARACTER',
      'reservations[0].reservation_id CONTROL_CHARACTER',
    ]);
  });

  it.each(['x', '3f2b8c1e5d0a4b6f9c7e1a2b3c4d5e6f', '00000000-0000-0000-0000-000000000000'])(
    'refuses the request id %s',
    (requestId) => {
      expect(faults({ requestId, reservations: one('r-1') })).toEqual(['request_id NOT_A_UUID']);
    },
  );
});
