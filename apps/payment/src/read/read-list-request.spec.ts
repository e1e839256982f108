import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import {
  ListPaymentHistoryRequestSchema,
  ListPaymentsRequestSchema,
  PaymentState,
} from '@payments/contracts';
import { PaymentError } from '../call/payment-error.ts';
import { anonymous } from '../call/caller.ts';
import { readListRequest } from './read-list-request.ts';

type Init = NonNullable<Parameters<typeof create<typeof ListPaymentsRequestSchema>>[1]>;
const schemas = [ListPaymentsRequestSchema, ListPaymentHistoryRequestSchema] as const;
const user = { subject: 'u-1', admin: false };

describe.each(schemas)('readListRequest of $name', (schema) => {
  const read = (init: object, caller = anonymous) =>
    readListRequest(create(schema as typeof ListPaymentsRequestSchema, init), caller);

  const badFields = (init: Init) => {
    try {
      read(init);
    } catch (error) {
      return error instanceof PaymentError
        ? error.details.violations?.map(({ field, reason }) => `${field} ${reason}`)
        : error;
    }
    return [];
  };

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

  it('takes the first and the last moment that a timestamp can be', () => {
    const first = { seconds: -62_135_596_800n, nanos: 0 };
    const last = { seconds: 253_402_300_799n, nanos: 999_999_999 };
    expect(badFields({ createTimeFrom: first, createTimeUntil: last })).toEqual([]);
  });

  it('caps a page at 1000', () => {
    expect(read({ pageSize: 5 }).pageSize).toBe(5);
    expect(read({ pageSize: 5_000 }).pageSize).toBe(1_000);
  });

  it('names every bad field', () => {
    const init: Init = {
      userId: 'a'.repeat(201),
      reservationId: '\u0000',
      state: 99 as PaymentState,
      createTimeFrom: { seconds: -62_135_596_801n, nanos: 0 },
      createTimeUntil: { seconds: 10n ** 15n, nanos: 0 },
      pageSize: -1,
    };
    expect(badFields(init)).toEqual([
      'user_id TOO_LONG',
      'reservation_id CONTROL_CHARACTER',
      'state UNKNOWN_STATE',
      'create_time_from BAD_TIME',
      'create_time_until BAD_TIME',
      'page_size NEGATIVE',
    ]);
  });

  it('refuses nanos that are no part of a second', () => {
    const bad = { createTimeFrom: { seconds: 0n, nanos: -1 }, createTimeUntil: { seconds: 0n, nanos: 1e9 } };
    expect(badFields(bad)).toEqual(['create_time_from BAD_TIME', 'create_time_until BAD_TIME']);
  });

  it('gives a user its own when it names nobody, or itself', () => {
    expect(read({}, user).filters).toEqual({ userId: 'u-1' });
    expect(read({ userId: 'u-1' }, user).filters).toEqual({ userId: 'u-1' });
  });

  it('refuses another user, but not to those who see all', () => {
    expect(() => read({ userId: 'u-2' }, user)).toThrow('not the subject of the token');
    expect(read({ userId: 'u-2' }, { ...user, admin: true }).filters).toEqual({ userId: 'u-2' });
  });
});
