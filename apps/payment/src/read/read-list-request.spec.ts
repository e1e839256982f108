import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { ListPaymentsRequestSchema, PaymentState } from '@payments/contracts';
import { PaymentError } from '../payment-error.ts';
import { writePageToken } from './page-token.ts';
import { readListRequest } from './read-list-request.ts';

type Init = NonNullable<Parameters<typeof create<typeof ListPaymentsRequestSchema>>[1]>;
const read = (init: Init) => readListRequest(create(ListPaymentsRequestSchema, init), () => true);

const badFields = (init: Init) => {
  try {
    read(init);
  } catch (error) {
    return error instanceof PaymentError ? error.details.violations?.map(({ field }) => field) : error;
  }
  return [];
};

describe('readListRequest', () => {
  it('lists all, 50 a page, when nothing is asked for', () => {
    expect(read({})).toEqual({ filters: {}, pageSize: 50 });
  });

  it('reads every filter', () => {
    const init = {
      userId: 'u',
      reservationId: 'r',
      state: PaymentState.FAILED,
      createTimeFrom: { seconds: 1n, nanos: 0 },
      createTimeUntil: { seconds: 2n, nanos: 0 },
    };
    expect(read(init).filters).toEqual({
      userId: 'u',
      reservationId: 'r',
      state: 'FAILED',
      from: 1_000,
      until: 2_000,
    });
  });

  it('rounds times between two milliseconds up, which keeps "at or later" and "before" exact', () => {
    const between = { seconds: 1n, nanos: 500_001 };
    expect(read({ createTimeFrom: between, createTimeUntil: between }).filters).toEqual({
      from: 1_001,
      until: 1_001,
    });
  });

  it('caps a page at 1000', () => {
    expect(read({ pageSize: 5 }).pageSize).toBe(5);
    expect(read({ pageSize: 5_000 }).pageSize).toBe(1_000);
  });

  it('continues from a token of the same list', () => {
    const pageToken = writePageToken({ userId: 'u' }, { createdAt: 5, id: '7' });
    expect(read({ userId: 'u', pageToken }).after).toEqual({ createdAt: 5, id: '7' });
  });

  it('names every bad field', () => {
    const init: Init = {
      userId: 'a'.repeat(201),
      reservationId: '\u0000',
      state: 99 as PaymentState,
      createTimeFrom: { seconds: 0n, nanos: -1 },
      createTimeUntil: { seconds: 10n ** 15n, nanos: 0 },
      pageSize: -1,
    };
    expect(badFields(init)).toEqual([
      'user_id',
      'reservation_id',
      'state',
      'create_time_from',
      'create_time_until',
      'page_size',
    ]);
    expect(badFields({ pageToken: 'x' })).toEqual(['page_token']);
  });
});
