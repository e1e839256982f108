import { randomUUID } from 'node:crypto';
import { parseMoney, type Money, type PaymentClient } from '@payments/contracts';
import type { Order } from './orders.ts';

/** Pays an order; the ids of its payments, whatever became of them. */
export async function pay(client: PaymentClient, { user, reservations }: Order): Promise<string[]> {
  const { payments } = await client.executePayments({
    requestId: randomUUID(),
    userId: user,
    reservations: Object.entries(reservations).map(([reservationId, amount]) => ({
      reservationId,
      amount: parseMoney(amount) as Money,
    })),
  });
  return payments.map(({ paymentId }) => paymentId);
}

/** Pays a payment back. */
export async function refund(client: PaymentClient, paymentId: string): Promise<void> {
  await client.refundPayment({ requestId: randomUUID(), paymentId });
}
