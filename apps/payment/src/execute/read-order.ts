import { readMoney } from '@payments/contracts';
import type { ExecutePaymentsRequest, MinorUnits, Money, Reservation } from '@payments/contracts';
import { invalidRequest } from '../invalid-request.ts';
import type { Violation } from '../payment-error.ts';
import { checkId, checkUuid } from '../rpc/check-field.ts';

/** The most reservations of one order: a bound on the work of one transaction. */
const maxReservations = 100;

/** An order whose every field was found good. */
export type Order = {
  /** In lower case; absent if the caller gave none. */
  requestId?: string;
  userId: string;
  /** In the order asked, each of them once. */
  reservations: readonly { reservationId: string; amount: MinorUnits }[];
};

const isPositive = ({ units, nanos }: Money) => units > 0n || (units === 0n && nanos > 0);

const moneyFields = {
  UNKNOWN_CURRENCY: '.currency_code',
  TOO_MANY_DECIMALS: '.nanos',
  NANOS_OUT_OF_RANGE: '.nanos',
  TOO_LARGE: '.units',
  NOT_AN_AMOUNT: '',
} as const;

const checkAmount = (field: string, amount: Money | undefined): Violation[] => {
  if (!amount)
    return [{ field, description: 'is missing: give an amount and its currency', reason: 'REQUIRED' }];
  const read = readMoney(amount);
  const notPositive = { field, description: 'must be more than zero', reason: 'NOT_POSITIVE' };
  return [
    ...('problem' in read
      ? [{ field: field + moneyFields[read.problem], description: read.description, reason: read.problem }]
      : []),
    ...(isPositive(amount) ? [] : [notPositive]),
  ];
};

/** The same reservation twice: every place where it stands is named, each with the others. */
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

const checkReservation = ({ reservationId, amount }: Reservation, index: number): Violation[] => [
  ...checkId(`reservations[${index}].reservation_id`, reservationId),
  ...checkAmount(`reservations[${index}].amount`, amount),
];

const checkReservations = (reservations: readonly Reservation[]): Violation[] => {
  const field = 'reservations';
  if (reservations.length === 0) {
    return [{ field, description: 'is empty: name at least one reservation', reason: 'REQUIRED' }];
  }
  if (reservations.length > maxReservations) {
    const description = `has ${reservations.length} entries: give ${maxReservations} at most, in several requests`;
    return [{ field, description, reason: 'TOO_MANY' }];
  }
  return [...reservations.flatMap(checkReservation), ...checkRepeats(reservations)];
};

/** Names every fault of a request; none if it can be carried out. */
export const checkOrder = ({ requestId, userId, reservations }: ExecutePaymentsRequest): Violation[] => [
  ...(requestId === '' ? [] : checkUuid('request_id', requestId)),
  ...checkId('user_id', userId),
  ...checkReservations(reservations),
];

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
