import type { ExecutePaymentsRequest, ExecutePaymentsResponse } from '@payments/contracts';
import { inTransaction } from '../database/in-transaction.ts';
import type { Database } from '../database/open-database.ts';
import type { CallContext } from '../rpc/call-context.ts';
import { requireUser } from '../rpc/caller.ts';
import { answerOnce } from './answer-once.ts';
import type { Limits } from './authorize.ts';
import { payReservations } from './pay-reservations.ts';
import { readOrder } from './read-order.ts';
import { redoOnConflict } from './redo-on-conflict.ts';

/** What paying needs. */
export type ExecutePaymentsOptions = {
  database: Database;
  limits: Limits;
  /** Hints to the relay that something was committed. */
  wake: () => void;
};

/** `PaymentService.ExecutePayments`: read, pay within one transaction, hint. @throws PaymentError */
export const executePayments = async (
  { database, limits, wake }: ExecutePaymentsOptions,
  request: ExecutePaymentsRequest,
  context: CallContext,
): Promise<ExecutePaymentsResponse> => {
  const order = readOrder(request);
  requireUser(context.caller, order.userId);
  const reply = await redoOnConflict(context, () =>
    inTransaction({ database, context }, (em) => {
      const now = new Date();
      return answerOnce({ em, caller: context.caller.subject, order, now }, () =>
        payReservations({ em, order, limits, now }),
      );
    }),
  );
  wake();
  return reply;
};
