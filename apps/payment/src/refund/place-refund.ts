import { createHash, randomUUID } from 'node:crypto';
import { LockMode } from '@mikro-orm/core';
import { requireVisible } from '../call/caller.ts';
import { inTransaction } from '../database/in-transaction.ts';
import type { UnitOfWork } from '../database/in-transaction.ts';
import type { Database } from '../database/open-database.ts';
import { Payment } from '../database/payment.ts';
import type { PaymentRow } from '../database/payment.ts';
import { redoOnConflict } from '../database/redo-on-conflict.ts';
import { Refund } from '../database/refund.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { PaymentError } from '../call/payment-error.ts';
import { recordOutcome } from '../record-outcome.ts';
import { answerOnce } from '../request-id/answer-once.ts';
import type { CallContext } from '../call/call-context.ts';
import { addTask } from '../task/add-task.ts';
import type { Told } from '../tell-outcome.ts';

/** A refund that is stored. */
export type PlacedRefund = {
  refundId: string;
  paymentId: string;
  /** There if this call is the one to ask the payment gateway for it. */
  toAsk?: Told;
  /** There if this call has made it, by the built-in authorizer. */
  refunded?: PaymentRow;
};

/** Which payment to pay back, both ids in lower case. */
type Asked = { requestId?: string; paymentId: string };

/**
 * Stores the refund of a payment in one transaction: done, for the built-in authorizer; the intent, for the payment
 * gateway. Once for a request id. Refunds of one payment come one after the other, by the lock on its row.
 * @throws PaymentError PAYMENT_NOT_FOUND, NOT_COMPLETED, AUTHORIZER_UNAVAILABLE where the payment gateway that charged it
 *   is not configured any more; what `answerOnce` throws
 */
export const placeRefund = async (
  options: { database: Database; gateway?: Gateway | undefined },
  asked: Asked,
  context: CallContext,
): Promise<PlacedRefund> => {
  const { database, gateway } = options;
  const { requestId, paymentId } = asked;
  const request = {
    caller: context.caller.subject,
    method: 'RefundPayment',
    requestHash: createHash('sha256').update(paymentId).digest(),
    ...(requestId !== undefined && { requestId }),
  } as const;
  const madeOf = ({ refundId }: PlacedRefund) => [refundId];
  const placed = await redoOnConflict(context, () =>
    inTransaction({ database, context }, (em, now) =>
      answerOnce({ em, request, madeOf, now }, async () => {
        const payment = await findOwn(em, paymentId, context);
        return (await findStanding(em, payment)) ?? place({ em, gateway, now }, payment);
      }),
    ),
  );
  if (placed.kind === 'FIRST') return placed.work;
  if (placed.kind === 'STORED') throw new Error('refunds are younger than stored replies');
  return { refundId: placed.made[0] ?? '', paymentId };
};

/** The payment, locked. @throws PaymentError PAYMENT_NOT_FOUND */
const findOwn = async (em: UnitOfWork, paymentId: string, { caller }: CallContext): Promise<PaymentRow> => {
  const payment = await em.findOne(Payment, { paymentId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  return requireVisible(caller, paymentId, payment);
};

/** The refund that the payment has, under way or done. */
const findStanding = async (em: UnitOfWork, payment: PaymentRow): Promise<PlacedRefund | undefined> => {
  const standing = await em.findOne(Refund, { payment, state: { $in: ['PENDING', 'COMPLETED'] } });
  return standing ? { refundId: standing.refundId, paymentId: payment.paymentId } : undefined;
};

const place = (
  { em, gateway, now }: { em: UnitOfWork; gateway: Gateway | undefined; now: Date },
  payment: PaymentRow,
): PlacedRefund => {
  const { paymentId, reservationId, state, authorizer } = payment;
  if (state !== 'COMPLETED') throw notCompleted(payment);
  const refundId = randomUUID();
  const refund = { refundId, payment, declineCode: null, createdAt: now, updatedAt: now };
  if (authorizer === 'BUILT_IN') {
    em.create(Refund, { ...refund, state: 'COMPLETED' });
    em.assign(payment, { state: 'REFUNDED', updatedAt: now });
    recordOutcome(em, payment);
    return { refundId, paymentId, refunded: payment };
  }
  if (!gateway) throw notConfigured();
  em.create(Refund, { ...refund, state: 'PENDING' });
  addTask(em, { taskId: refundId, kind: 'REFUND', payment, askedOf: gateway.host, now });
  return { refundId, paymentId, toAsk: { paymentId, reservationId } };
};

const notConfigured = () =>
  new PaymentError(
    'AUTHORIZER_UNAVAILABLE',
    'the payment gateway that charged it is not configured; nothing was stored',
  );

const notCompleted = ({ paymentId, state }: PaymentRow) =>
  new PaymentError('NOT_COMPLETED', `the payment is ${state}: only one that is COMPLETED can be paid back`, {
    metadata: { payment_id: paymentId, state },
  });
