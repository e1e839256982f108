import { randomUUID } from 'node:crypto';
import type { UnitOfWork } from '../database/in-transaction.ts';
import { Payment } from '../database/payment.ts';
import type { PaymentRow } from '../database/payment.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { recordOutcome } from '../record-outcome.ts';
import { addTask } from '../task/add-task.ts';
import type { Limits } from './built-in-authorizer.ts';
import { decideOutcome } from './decide-outcome.ts';
import type { Outcome } from './decide-outcome.ts';
import type { Order } from './read-order.ts';

type Reservation = Order['reservations'][number];

/** Who decides, when the order was placed (by the clock of the database), and where it is written. */
type Placing = {
  em: UnitOfWork;
  gateway: Pick<Gateway, 'host'> | undefined;
  limits: Limits;
  now: Date;
  /** Whether to look what is paid already, whatever the amounts. */
  look: boolean;
};

/**
 * Stores a payment for every reservation of an order, within one unit of work, all of them written by its commit: decided,
 * with its history line and its message; or PENDING, with a task for the payment gateway. Reservations are inserted in
 * one order everywhere, so that two orders of the same reservations wait for each other and do not deadlock.
 *
 * Hardly any reservation is paid twice, so the first try does not look: the partial unique index refuses one that is, and the
 * unit of work is done again. What fails for its amount the index never meets: then it does look. The query is an eighth of
 * what a payment costs the service, and a ninth of what it costs the database.
 * @returns the payments, in the order asked
 */
export const payReservations = async (placing: Placing, order: Order): Promise<PaymentRow[]> => {
  const decide = (paid: ReadonlySet<string>) =>
    order.reservations.toSorted(byId).map((reservation) => {
      const alreadyPaid = paid.has(reservation.reservationId);
      return { reservation, outcome: decideOutcome({ ...placing, amount: reservation.amount, alreadyPaid }) };
    });
  const unseen = decide(new Set());
  const look = placing.look || unseen.some(({ outcome }) => outcome.state === 'FAILED');
  const decided = look ? decide(await findPaid(placing.em, order)) : unseen;
  const payments = new Map<string, PaymentRow>();
  for (const { reservation, outcome } of decided)
    payments.set(reservation.reservationId, store(placing, order.userId, reservation, outcome));
  return order.reservations.flatMap(({ reservationId }) => payments.get(reservationId) ?? []);
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

const store = (
  { em, gateway, now }: Placing,
  userId: string,
  { reservationId, amount }: Reservation,
  outcome: Outcome,
): PaymentRow => {
  const payment = em.create(Payment, {
    paymentId: randomUUID(),
    userId,
    reservationId,
    amountMinor: amount.minor,
    currency: amount.currency,
    state: outcome.state,
    failureReason: outcome.state === 'FAILED' ? outcome.failureReason : null,
    declineCode: null,
    authorizer: gateway ? 'GATEWAY' : 'BUILT_IN',
    createdAt: now,
    updatedAt: now,
  });
  if (outcome.state !== 'PENDING') recordOutcome(em, payment);
  else addTask(em, { taskId: payment.paymentId, kind: 'CHARGE', payment, askedOf: outcome.askedOf, now });
  return payment;
};
