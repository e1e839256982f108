import type { Timestamp } from '@bufbuild/protobuf/wkt';
import {
  ListPaymentHistoryRequestSchema,
  ListPaymentsRequestSchema,
  PaymentState,
} from '@payments/contracts';
import type { ListPaymentHistoryRequest, ListPaymentsRequest } from '@payments/contracts';
import type { State } from '../database/payment.ts';
import { invalidRequest } from '../call/invalid-request.ts';
import type { Violation } from '../call/payment-error.ts';
import { requireUser } from '../call/caller.ts';
import type { Caller } from '../call/caller.ts';
import { checkRequest } from '../call/validate-request.ts';

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
export type ListRequest = { filters: ListFilters; pageSize: number };

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

/** Rules take a `google.protobuf.Timestamp` for the moment it means, whatever its nanos. */
const checkNanos = (field: string, time: Timestamp | undefined): Violation[] =>
  time && (time.nanos < 0 || time.nanos >= 1e9)
    ? [{ field, description: 'is not a time: give nanos from 0 to 999,999,999', reason: 'BAD_TIME' }]
    : [];

/** A request of either list: they have the same fields. */
export type Asked = ListPaymentsRequest | ListPaymentHistoryRequest;

const checkRules = (asked: Asked): Violation[] =>
  asked.$typeName === ListPaymentsRequestSchema.typeName
    ? checkRequest(ListPaymentsRequestSchema, asked)
    : checkRequest(ListPaymentHistoryRequestSchema, asked);

const checkList = (asked: Asked): Violation[] => [
  ...checkRules(asked),
  ...checkNanos('create_time_from', asked.createTimeFrom),
  ...checkNanos('create_time_until', asked.createTimeUntil),
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

/** Who may not see everybody sees itself, also when it names nobody. */
const ownFilters = (filters: ListFilters, caller: Caller): ListFilters => {
  const { userId = caller.subject } = filters;
  if (caller.admin) return filters;
  requireUser(caller, userId);
  return { ...filters, userId };
};

/**
 * Reads a list request, but for its page token (`page-token.ts`).
 * @throws PaymentError INVALID_REQUEST that names every bad field; OTHER_USER if the caller may not see that user
 */
export const readListRequest = (asked: Asked, caller: Caller): ListRequest => {
  const violations = checkList(asked);
  if (violations.length > 0) throw invalidRequest(violations);
  const pageSize = Math.min(asked.pageSize || pageSizes.default, pageSizes.max);
  return { filters: ownFilters(filtersOf(asked), caller), pageSize };
};
