import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { PaymentState } from '@payments/contracts';
import type { ListPaymentHistoryRequest, ListPaymentsRequest } from '@payments/contracts';
import type { State } from '../database/payment.ts';
import { invalidRequest } from '../invalid-request.ts';
import type { Violation } from '../payment-error.ts';
import { checkId } from '../rpc/check-field.ts';
import { readPageToken } from './page-token.ts';
import type { Position } from './page-token.ts';

/** Rows of a page when none are asked for, and the most there are. */
const pageSizes = { default: 50, max: 1_000 };

/** The filters of a list, checked. Times are whole milliseconds, as rows have. */
export type ListFilters = {
  userId?: string;
  reservationId?: string;
  state?: State;
  from?: number;
  until?: number;
};

/** A page asked for. */
export type ListRequest = { filters: ListFilters; pageSize: number; after?: Position };

const states: Readonly<Record<number, State>> = {
  [PaymentState.PENDING]: 'PENDING',
  [PaymentState.COMPLETED]: 'COMPLETED',
  [PaymentState.FAILED]: 'FAILED',
  [PaymentState.REFUNDED]: 'REFUNDED',
};

/**
 * Rows have whole milliseconds, so both bounds are rounded up: "at t or later" and "before t" then mean what they say for
 * a t between two milliseconds.
 */
const toMs = ({ seconds, nanos }: Timestamp): number => Number(seconds) * 1_000 + Math.ceil(nanos / 1e6);

/** `google.protobuf.Timestamp` goes from year 1 to 9999. */
const isTimestamp = ({ seconds, nanos }: Timestamp): boolean =>
  seconds >= -62_135_596_800n && seconds <= 253_402_300_799n && nanos >= 0 && nanos < 1e9;

const checkTime = (field: string, time: Timestamp | undefined): Violation[] =>
  time && !isTimestamp(time)
    ? [
        {
          field,
          description: 'is not a time: give a year from 1 to 9999 and nanos below 10^9',
          reason: 'BAD_TIME',
        },
      ]
    : [];

type Asked = Omit<ListPaymentsRequest | ListPaymentHistoryRequest, '$typeName'>;

const checkFilters = (asked: Asked): Violation[] => [
  ...(asked.userId === '' ? [] : checkId('user_id', asked.userId)),
  ...(asked.reservationId === '' ? [] : checkId('reservation_id', asked.reservationId)),
  ...(asked.state === PaymentState.UNSPECIFIED || states[asked.state]
    ? []
    : [
        {
          field: 'state',
          description: 'is not a PaymentState: leave it out for any',
          reason: 'UNKNOWN_STATE',
        },
      ]),
  ...checkTime('create_time_from', asked.createTimeFrom),
  ...checkTime('create_time_until', asked.createTimeUntil),
  ...(asked.pageSize < 0
    ? [{ field: 'page_size', description: 'is negative: give 0 for the default', reason: 'NEGATIVE' }]
    : []),
];

const filtersOf = (asked: Asked): ListFilters => {
  const state = states[asked.state];
  return {
    ...(asked.userId && { userId: asked.userId }),
    ...(asked.reservationId && { reservationId: asked.reservationId }),
    ...(state && { state }),
    ...(asked.createTimeFrom && { from: toMs(asked.createTimeFrom) }),
    ...(asked.createTimeUntil && { until: toMs(asked.createTimeUntil) }),
  };
};

const badToken: Violation = {
  field: 'page_token',
  description:
    'is not a token of this list: pass next_page_token on unchanged, with the filters it was given for',
  reason: 'BAD_PAGE_TOKEN',
};

/**
 * Reads a list request. @throws PaymentError INVALID_REQUEST that names every bad field.
 * @param isId whether an id of a page token can be one of this list's
 */
export const readListRequest = (asked: Asked, isId: (id: string) => boolean): ListRequest => {
  const violations = checkFilters(asked);
  const filters = filtersOf(asked);
  const { pageToken: token } = asked;
  const after = token === '' ? undefined : readPageToken({ token, filters, isId });
  if (token !== '' && !after && violations.length === 0) violations.push(badToken);
  if (violations.length > 0) throw invalidRequest(violations);
  const pageSize = Math.min(asked.pageSize || pageSizes.default, pageSizes.max);
  return { filters, pageSize, ...(after && { after }) };
};
