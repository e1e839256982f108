import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { ExecutePaymentsResponseSchema } from '@payments/contracts';
import type { ExecutePaymentsResponse } from '@payments/contracts';
import { appendMessage } from '@payments/outbox';
import type { UnitOfWork } from '../database/in-transaction.ts';
import { PaymentHistory } from '../database/payment-history.ts';
import { Payment } from '../database/payment.ts';
import type { PaymentRow } from '../database/payment.ts';
import { toPayment } from '../to-payment.ts';
import type { Limits } from './authorize.ts';
import { decideOutcome } from './decide-outcome.ts';
import type { Outcome } from './decide-outcome.ts';
import { paymentMessage } from './payment-message.ts';
import type { Order } from './read-order.ts';

type Reservation = Order['reservations'][number];

/**
 * Pays every reservation of an order within one unit of work: for each a payment, COMPLETED or FAILED, a history line
 * and a message; all of them are written by its commit. Reservations are inserted in one order everywhere, so that two
 * orders of the same reservations wait for each other and do not deadlock.
 */
export const payReservations = async (options: {
  em: UnitOfWork;
  order: Order;
  limits: Limits;
  now: Date;
}): Promise<ExecutePaymentsResponse> => {
  const { em, order, limits, now } = options;
  const paid = await findPaid(em, order);
  const payments = new Map<string, PaymentRow>();
  for (const reservation of order.reservations.toSorted(byId)) {
    const { reservationId, amount } = reservation;
    const outcome = decideOutcome({ amount, alreadyPaid: paid.has(reservationId), limits });
    payments.set(reservationId, record({ em, userId: order.userId, reservation, outcome, now }));
  }
  const inOrderAsked = order.reservations.flatMap(({ reservationId }) => payments.get(reservationId) ?? []);
  return create(ExecutePaymentsResponseSchema, { payments: inOrderAsked.map(toPayment) });
};

/** By code units: the same order on every machine, whatever its locale. */
const byId = (a: Reservation, b: Reservation) =>
  a.reservationId < b.reservationId ? -1 : a.reservationId > b.reservationId ? 1 : 0;

/**
 * Which of the reservations are paid or about to be. Takes no lock: a payment that commits after this read is met by the
 * partial unique index, and the unit of work is done again. One index look-up for each reservation.
 */
const findPaid = async (em: UnitOfWork, { reservations }: Order): Promise<Set<string>> => {
  const found = await em.find(
    Payment,
    {
      reservationId: { $in: reservations.map(({ reservationId }) => reservationId) },
      state: { $in: ['PENDING', 'COMPLETED'] },
    },
    { fields: ['reservationId'], disableIdentityMap: true },
  );
  return new Set(found.map(({ reservationId }) => reservationId));
};

/** A payment, its history line and its message, in the unit of work. */
const record = (options: {
  em: UnitOfWork;
  userId: string;
  reservation: Reservation;
  outcome: Outcome;
  now: Date;
}): PaymentRow => {
  const { em, userId, reservation, outcome, now } = options;
  const { minor, currency } = reservation.amount;
  const facts = {
    userId,
    reservationId: reservation.reservationId,
    amountMinor: minor,
    currency,
    state: outcome.state,
    failureReason: outcome.state === 'FAILED' ? outcome.failureReason : null,
    createdAt: now,
  };
  const payment = em.create(Payment, {
    ...facts,
    paymentId: randomUUID(),
    declineCode: null,
    authorizer: 'BUILT_IN',
    updatedAt: now,
  });
  em.create(PaymentHistory, { ...facts, payment });
  appendMessage(em, paymentMessage(payment));
  return payment;
};
