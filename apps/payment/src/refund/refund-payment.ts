import type { RefundPaymentResponse } from '@payments/contracts';
import { PaymentError } from '../payment-error.ts';

/** `PaymentService.RefundPayment`. @throws PaymentError */
export const refundPayment = (): Promise<RefundPaymentResponse> =>
  Promise.reject(new PaymentError('UNIMPLEMENTED', 'refunds are not served yet'));
