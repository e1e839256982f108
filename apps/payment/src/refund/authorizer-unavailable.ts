import { PaymentError } from '../payment-error.ts';

/** UNAVAILABLE: the payment gateway is not there, or has not told the outcome yet. */
export const authorizerUnavailable = (message: string): PaymentError =>
  new PaymentError('AUTHORIZER_UNAVAILABLE', message, { retryDelayMs: 1_000 });
