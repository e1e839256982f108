import { createHash } from 'node:crypto';
import { inTransaction } from '../database/in-transaction.ts';
import type { Database } from '../database/open-database.ts';
import type { PaymentRow } from '../database/payment.ts';
import { redoOnConflict } from '../database/redo-on-conflict.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { answerOnce } from '../request-id/answer-once.ts';
import type { Answered } from '../request-id/answer-once.ts';
import type { CallContext } from '../call/call-context.ts';
import type { Limits } from './built-in-authorizer.ts';
import { payReservations } from './pay-reservations.ts';
import type { Order } from './read-order.ts';

/** What was asked, whatever the spelling: the same order has the same hash. */
const hashOrder = ({ userId, reservations }: Order): Buffer => {
  const asked = reservations.map(({ reservationId, amount }) => [
    reservationId,
    String(amount.minor),
    amount.currency,
  ]);
  return createHash('sha256')
    .update(JSON.stringify([userId, asked]))
    .digest();
};

/** Stores an order in one transaction: what it comes to or, with a payment gateway, the intent. Once for a request id. */
export const placeOrder = (
  options: { database: Database; limits: Limits; gateway?: Gateway | undefined },
  order: Order,
  context: CallContext,
): Promise<Answered<PaymentRow[]>> => {
  const { database, limits, gateway } = options;
  const request = {
    caller: context.caller.subject,
    method: 'ExecutePayments',
    requestHash: hashOrder(order),
    ...(order.requestId !== undefined && { requestId: order.requestId }),
  } as const;
  const madeOf = (payments: PaymentRow[]) => payments.map(({ paymentId }) => paymentId);
  return redoOnConflict(context, (failed) =>
    inTransaction({ database, context }, (em, now) =>
      answerOnce({ em, request, madeOf, now }, () =>
        payReservations({ em, gateway, limits, now, look: failed > 0 }, order),
      ),
    ),
  );
};
