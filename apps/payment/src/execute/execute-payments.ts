import { create, fromBinary } from '@bufbuild/protobuf';
import { ExecutePaymentsResponseSchema } from '@payments/contracts';
import type { ExecutePaymentsRequest, ExecutePaymentsResponse } from '@payments/contracts';
import { inTransaction } from '../database/in-transaction.ts';
import type { Database } from '../database/open-database.ts';
import type { PaymentRow } from '../database/payment.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Answered } from '../request-id/answer-once.ts';
import { untilDecided } from '../request-id/until-decided.ts';
import type { CallContext } from '../call/call-context.ts';
import { requireUser } from '../call/caller.ts';
import type { TellOutcome } from '../tell-outcome.ts';
import { toPayment } from '../to-payment.ts';
import type { Limits } from './built-in-authorizer.ts';
import { chargePending } from './charge-pending.ts';
import { placeOrder } from './place-order.ts';
import { readFirstAnswer } from './read-first-answer.ts';
import { readOrder } from './read-order.ts';

/** What paying needs. */
export type ExecutePaymentsOptions = {
  database: Database;
  /** The built-in authorizer's. */
  limits: Limits;
  /** Absent: the built-in authorizer. */
  gateway?: Gateway | undefined;
  tell: TellOutcome;
  /** Hints to the relay that something was committed. */
  wake: () => void;
  /** Hints to recovery that something was left to it. */
  wakeRecovery: () => void;
};

/**
 * `PaymentService.ExecutePayments`: read the order, place it, charge what is PENDING, answer. A repeat waits for the first
 * and reads its answer. @throws PaymentError
 */
export const executePayments = async (
  options: ExecutePaymentsOptions,
  request: ExecutePaymentsRequest,
  context: CallContext,
): Promise<ExecutePaymentsResponse> => {
  const order = readOrder(request);
  requireUser(context.caller, order.userId);
  const placed = await placeOrder(options, order, context);
  options.wake();
  return answer(options, placed, context);
};

const answer = async (
  options: ExecutePaymentsOptions,
  placed: Answered<PaymentRow[]>,
  context: CallContext,
): Promise<ExecutePaymentsResponse> => {
  const { database, gateway } = options;
  switch (placed.kind) {
    case 'FIRST':
      tellDecided(options.tell, placed.work);
      return replyOf(
        gateway ? await chargePending({ ...options, gateway }, placed.work, context) : placed.work,
      );
    case 'REPEATED':
      return replyOf(
        await untilDecided(context, () =>
          inTransaction({ database, context, readOnly: true }, (em, now) =>
            readFirstAnswer(em, placed.made, now),
          ),
        ),
      );
    case 'STORED':
      return fromBinary(ExecutePaymentsResponseSchema, placed.reply);
    default:
      return placed satisfies never;
  }
};

/** What the payment gateway decides is told when it has. */
const tellDecided = (tell: TellOutcome, payments: readonly PaymentRow[]): void => {
  for (const payment of payments) if (payment.state !== 'PENDING') tell.ofPayment(payment);
};

const replyOf = (payments: readonly PaymentRow[]): ExecutePaymentsResponse =>
  create(ExecutePaymentsResponseSchema, { payments: payments.map(toPayment) });
