import { create } from '@bufbuild/protobuf';
import { GetPaymentRequestSchema, GetPaymentResponseSchema } from '@payments/contracts';
import type { GetPaymentRequest, GetPaymentResponse } from '@payments/contracts';
import { inTransaction } from '../database/in-transaction.ts';
import type { Database } from '../database/open-database.ts';
import { Payment } from '../database/payment.ts';
import { PaymentError } from '../payment-error.ts';
import type { CallContext } from '../rpc/call-context.ts';
import { mayActFor } from '../access/caller.ts';
import { validateRequest } from '../rpc/validate-request.ts';
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
  // Another user's payment is told apart from none only for those who may see it.
  if (row && mayActFor(context.caller, row.userId))
    return create(GetPaymentResponseSchema, { payment: toPayment(row) });
  throw new PaymentError('PAYMENT_NOT_FOUND', 'there is no payment of this id', {
    metadata: { payment_id: paymentId },
  });
};
