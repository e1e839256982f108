import type { StatusObject } from '@grpc/grpc-js';
import { rpcErrorMetadata } from '@payments/contracts';
import type { PaymentError } from './payment-error.ts';

/** An error as the status that ends its call, with its details in the trailers. */
export const statusOf = ({ code, message, details }: PaymentError): StatusObject => ({
  code,
  details: message,
  metadata: rpcErrorMetadata(code, message, details),
});
