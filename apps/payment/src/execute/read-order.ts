import { ExecutePaymentsRequestSchema, readMoney } from '@payments/contracts';
import type { ExecutePaymentsRequest, MinorUnits, Money, Reservation } from '@payments/contracts';
import { invalidRequest } from '../call/invalid-request.ts';
import type { Violation } from '../call/payment-error.ts';
import { checkRequest } from '../call/validate-request.ts';

/**
 * How many reservations are looked at: one more than the rules allow, which is enough to see that there are too many. A
 * message of the largest size may hold half a million empty ones.
 */
const maxLookedAt = 101;

/** An order whose every field was found good. */
export type Order = {
  /** In lower case; absent if the caller gave none. */
  requestId?: string;
  userId: string;
  /** In the order asked, each of them once. */
  reservations: readonly { reservationId: string; amount: MinorUnits }[];
};

const moneyFields = {
  UNKNOWN_CURRENCY: '.currency_code',
  TOO_MANY_DECIMALS: '.nanos',
  NANOS_OUT_OF_RANGE: '.nanos',
  TOO_LARGE: '.units',
  NOT_AN_AMOUNT: '',
} as const;

/** What rules cannot say: the currencies of ISO 4217 and their decimals. */
const checkAmount = (amount: Money | undefined, index: number): Violation[] => {
  const read = amount && readMoney(amount);
  if (!read || !('problem' in read)) return [];
  const { problem, description } = read;
  return [{ field: `reservations[${index}].amount${moneyFields[problem]}`, description, reason: problem }];
};

/** The same reservation twice: every place where it stands is named, each with the others, which no rule can do. */
const checkRepeats = (reservations: readonly Reservation[]): Violation[] => {
  const fields = reservations.map((_, index) => `reservations[${index}].reservation_id`);
  const places = Map.groupBy(fields.keys(), (index) => reservations[index]?.reservationId ?? '');
  const violation = (index: number, all: readonly number[]): Violation => ({
    field: fields[index] ?? '',
    description: `is the same as ${all
      .filter((other) => other !== index)
      .slice(0, 3)
      .map((other) => fields[other])
      .join(', ')}: name each reservation once`,
    reason: 'DUPLICATE',
  });
  return [...places]
    .filter(([id, all]) => id !== '' && all.length > 1)
    .flatMap(([, all]) => all.map((index) => violation(index, all)));
};

/** Names every fault of a request, those of the rules and those of money together; none if it can be carried out. */
export const checkOrder = (request: ExecutePaymentsRequest): Violation[] => {
  const reservations = request.reservations.slice(0, maxLookedAt);
  return [
    ...checkRequest(ExecutePaymentsRequestSchema, { ...request, reservations }),
    ...reservations.flatMap(({ amount }, index) => checkAmount(amount, index)),
    ...checkRepeats(reservations),
  ];
};

const amountOf = ({ amount }: Reservation): MinorUnits => {
  const read = amount && readMoney(amount);
  if (!read || 'problem' in read) throw new Error('an amount was read before it was checked');
  return read;
};

/** Reads a request. @throws PaymentError INVALID_REQUEST that names every bad field. */
export const readOrder = (request: ExecutePaymentsRequest): Order => {
  const violations = checkOrder(request);
  if (violations.length > 0) throw invalidRequest(violations);
  return {
    ...(request.requestId && { requestId: request.requestId.toLowerCase() }),
    userId: request.userId,
    reservations: request.reservations.map((reservation) => ({
      reservationId: reservation.reservationId,
      amount: amountOf(reservation),
    })),
  };
};
