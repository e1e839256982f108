import { randomUUID } from 'node:crypto';

import { openPaymentClient, parseMoney } from '@payments/contracts';
import type { Money, Payment } from '@payments/contracts';

import { StackError } from './stack-error.ts';

/** An order that `npm start` places to show the way of a payment. */
export type SampleOrder = {
  userId: string;
  /** Fresh each time: a reservation is paid once. */
  reservationId: string;
  amount: Money;
};

/** Makes an order that nobody placed before. */
export function makeSampleOrder(): SampleOrder {
  return {
    userId: 'u-sample',
    reservationId: `r-sample-${randomUUID().slice(0, 8)}`,
    amount: parseMoney('15000KRW') as Money,
  };
}

/** Pays the order over gRPC. @throws StackError or a gRPC error when it is not paid */
export async function placeOrder(
  { userId, reservationId, amount }: SampleOrder,
  { address, signal }: { address: string; signal: AbortSignal },
): Promise<Payment> {
  using client = openPaymentClient({ address });
  const request = { requestId: randomUUID(), userId, reservations: [{ reservationId, amount }] };
  const { payments } = await client.executePayments(request, { signal, timeoutMs: 15_000 });
  const [payment] = payments;
  if (!payment) throw new StackError('the service answered without a payment');
  return payment;
}
