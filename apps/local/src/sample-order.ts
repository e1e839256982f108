import { randomBytes, randomUUID } from 'node:crypto';

import { Metadata } from '@grpc/grpc-js';
import { openPaymentClient, parseMoney } from '@payments/contracts';
import type { Money, Payment } from '@payments/contracts';

import { beginRootSpan } from './root-span.ts';
import { StackError } from './stack-error.ts';

/** An order that `npm start` places to show the way of a payment. */
export type SampleOrder = {
  userId: string;
  /** Fresh each time: a reservation is paid once. */
  reservationId: string;
  amount: Money;
  /** 32 hexadecimal digits: the trace that the whole way belongs to. */
  traceId: string;
};

/** Makes an order that nobody placed before. */
export function makeSampleOrder(): SampleOrder {
  return {
    userId: 'u-sample',
    reservationId: `r-sample-${randomUUID().slice(0, 8)}`,
    amount: parseMoney('15000KRW') as Money,
    traceId: randomBytes(16).toString('hex'),
  };
}

/**
 * Pays the order over gRPC, as the first span of its trace, whose id is known beforehand.
 * @throws StackError or a gRPC error when it is not paid
 */
export async function placeOrder(
  order: SampleOrder,
  options: { address: string; otlpEndpoint: string | undefined; signal: AbortSignal },
): Promise<Payment> {
  using client = openPaymentClient({ address: options.address });
  const { traceId, userId, reservationId, amount } = order;
  const span = beginRootSpan({ traceId, name: 'sample order' });
  const metadata = new Metadata();
  metadata.set('traceparent', span.traceparent);
  const request = { requestId: randomUUID(), userId, reservations: [{ reservationId, amount }] };
  const { payments } = await client.executePayments(request, {
    metadata,
    signal: options.signal,
    timeoutMs: 15_000,
  });
  if (options.otlpEndpoint) await span.end(options.otlpEndpoint);
  const [payment] = payments;
  if (!payment) throw new StackError('the service answered without a payment');
  return payment;
}
