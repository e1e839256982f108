import { create } from '@bufbuild/protobuf';
import { GetPaymentRequestSchema, GetPaymentResponseSchema } from '@payments/contracts';
import type { GetPaymentRequest, GetPaymentResponse } from '@payments/contracts';
import { requireVisible } from '../call/caller.ts';
import { inTransaction } from '../database/in-transaction.ts';
import type { Database } from '../database/open-database.ts';
import { Payment } from '../database/payment.ts';
import type { CallContext } from '../call/call-context.ts';
import { validateRequest } from '../call/validate-request.ts';
import { toPayment } from '../to-payment.ts';

/** `PaymentService.GetPayment`. @throws PaymentError PAYMENT_NOT_FOUND, INVALID_REQUEST */
export const getPayment = async (
  { database }: { database: Database },
  request: GetPaymentRequest,
  context: CallContext,
): Promise<GetPaymentResponse> => {
  validateRequest(GetPaymentRequestSchema, request);
  const { paymentId } = request;
  const row = await inTransaction({ database, context, readOnly: true }, (em) =>
    em.findOne(Payment, { paymentId }),
  );
  const payment = toPayment(requireVisible(context.caller, paymentId, row));
  return create(GetPaymentResponseSchema, { payment });
};
