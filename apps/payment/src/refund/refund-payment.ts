import { create } from '@bufbuild/protobuf';
import { RefundPaymentRequestSchema, RefundPaymentResponseSchema } from '@payments/contracts';
import type { RefundPaymentRequest, RefundPaymentResponse } from '@payments/contracts';
import { inTransaction, waitingEnd } from '../database/in-transaction.ts';
import type { Database } from '../database/open-database.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { PaymentError } from '../call/payment-error.ts';
import { untilDecided } from '../request-id/until-decided.ts';
import type { CallContext } from '../call/call-context.ts';
import { validateRequest } from '../call/validate-request.ts';
import type { TellOutcome, Told } from '../tell-outcome.ts';
import { toPayment } from '../to-payment.ts';
import { placeRefund } from './place-refund.ts';
import type { PlacedRefund } from './place-refund.ts';
import { readRefund } from './read-refund.ts';
import type { RefundResult } from './read-refund.ts';
import { settleRefund } from './settle-refund.ts';

/** What paying back needs. */
export type RefundPaymentOptions = {
  database: Database;
  gateway?: Gateway | undefined;
  tell: TellOutcome;
  /** Hints to the relay that something was committed. */
  wake: () => void;
  /** Hints to recovery that something was left to it. */
  wakeRecovery: () => void;
};

/**
 * `PaymentService.RefundPayment`: read the request, place the refund, ask the payment gateway where it charged, answer. A
 * repeat, and whoever finds the refund of another one under way, waits for that one. @throws PaymentError
 */
export const refundPayment = async (
  options: RefundPaymentOptions,
  request: RefundPaymentRequest,
  context: CallContext,
): Promise<RefundPaymentResponse> => {
  const asked = readRequest(request);
  const placed = await placeRefund(options, asked, context);
  options.wake();
  if (placed.refunded) options.tell.ofPayment(placed.refunded);
  return replyOf(await resultOf(options, placed, context));
};

const readRequest = (request: RefundPaymentRequest) => {
  validateRequest(RefundPaymentRequestSchema, request);
  const { requestId, paymentId } = request;
  return {
    paymentId: paymentId.toLowerCase(),
    ...(requestId !== '' && { requestId: requestId.toLowerCase() }),
  };
};

const resultOf = (
  options: RefundPaymentOptions,
  placed: PlacedRefund,
  context: CallContext,
): Promise<RefundResult> => {
  const { database, gateway } = options;
  const { refundId, toAsk } = placed;
  if (toAsk && gateway) return askGateway({ ...options, gateway }, { refundId, ...toAsk }, context);
  return untilDecided(context, () =>
    inTransaction({ database, context, readOnly: true }, (em, now) => readRefund(em, refundId, now)),
  );
};

/** The answer decides the refund whether its caller waits or not, so the call's end does not end the question. */
const askGateway = async (
  { database, gateway, tell, wake, wakeRecovery }: RefundPaymentOptions & { gateway: Gateway },
  { refundId, ...payment }: Told & { refundId: string },
  context: CallContext,
): Promise<RefundResult> => {
  const bound = { signal: new AbortController().signal, deadline: waitingEnd(context) };
  const answer = await gateway.refund({ refundId, paymentId: payment.paymentId }, bound);
  const result = await settleRefund({ database, tell }, { taskId: refundId, claim: 1, ...payment }, answer);
  if (result.state === 'PENDING') wakeRecovery();
  else wake();
  return result;
};

const replyOf = (result: RefundResult): RefundPaymentResponse => {
  switch (result.state) {
    case 'COMPLETED':
      return create(RefundPaymentResponseSchema, { payment: toPayment(result.payment) });
    case 'DECLINED':
      throw new PaymentError('REFUND_DECLINED', 'the payment gateway refused to pay it back', {
        metadata: { decline_code: result.declineCode },
      });
    case 'PENDING':
      throw new PaymentError(
        'AUTHORIZER_UNAVAILABLE',
        'the payment gateway has not told the outcome yet; the refund goes on',
        { metadata: { state: 'PENDING' } },
      );
    default:
      return result satisfies never;
  }
};
