import { randomUUID } from 'node:crypto';
import { PaymentState, readRpcError, toMoney, type PaymentClient } from '@payments/contracts';
import { eventually } from '@payments/testing';
import type { World } from './world.fixture.ts';

/** What is asked of the service: an order of one reservation, or the refund of a payment. */
export interface Subject {
  kind: 'CHARGE' | 'REFUND';
  reservationId: string;
  /** Where it is asked of the gateway. */
  on: 'POST /charges' | 'POST /refunds';
  /** Its own name in the statement that stores its intent. */
  mark: string;
  /** Asks for it once. What came of it: the final answer, or PENDING. Rejects with what the call does. */
  ask: (client: PaymentClient, options?: { timeoutMs: number }) => Promise<Answer>;
}

/** What a client was told in the end. */
export type Answer = 'PENDING' | 'COMPLETED' | 'REFUNDED' | `DECLINED ${string}`;

/** An order, as one client asks for it: again and again with one request id. */
export function anOrder(amount = 1_000n + BigInt(Math.floor(Math.random() * 9_000))): Subject {
  const reservationId = `r-${randomUUID()}`;
  const request = {
    requestId: randomUUID(),
    userId: 'u-1',
    reservations: [{ reservationId, amount: toMoney({ currency: 'KRW', minor: amount }) }],
  };
  return {
    kind: 'CHARGE',
    reservationId,
    on: 'POST /charges',
    mark: reservationId,
    ask: async (client, options) => {
      const { payments } = await client.executePayments(request, options);
      const [payment] = payments;
      if (payments.length !== 1 || payment?.reservationId !== reservationId)
        throw new Error('an answer to another order');
      if (payment.declineCode !== '') return `DECLINED ${payment.declineCode}`;
      if (payment.state === PaymentState.PENDING) return 'PENDING';
      if (payment.state === PaymentState.COMPLETED) return 'COMPLETED';
      throw new Error(`the payment is ${PaymentState[payment.state]}`);
    },
  };
}

/** The refund of an order that was paid a moment ago. */
export async function aRefund({ sql }: World, client: PaymentClient): Promise<Subject> {
  const order = anOrder();
  await finalAnswer(order, client);
  const { reservationId } = order;
  const [paid] = await sql<{ payment_id: string }>(
    `select payment_id from payment.payment where reservation_id = $1`,
    [reservationId],
  );
  if (!paid) throw new Error('what was paid is not there');
  const request = { requestId: randomUUID(), paymentId: paid.payment_id };
  return {
    kind: 'REFUND',
    reservationId,
    on: 'POST /refunds',
    mark: paid.payment_id,
    ask: async (instance, options) => {
      try {
        const { payment } = await instance.refundPayment(request, options);
        if (payment?.state !== PaymentState.REFUNDED) throw new Error('paid back, and not REFUNDED');
        return 'REFUNDED';
      } catch (error) {
        const { details } = readRpcError(error) ?? {};
        if (details?.reason !== 'REFUND_DECLINED') throw error;
        return `DECLINED ${details.metadata?.['decline_code'] ?? ''}`;
      }
    },
  };
}

/** Asks until the answer is final, as a client does that heard nothing, or PENDING, with one request id. */
export const finalAnswer = (subject: Subject, client: PaymentClient): Promise<Answer> =>
  eventually(
    async () => {
      const answer = await subject.ask(client, { timeoutMs: 10_000 });
      if (answer === 'PENDING') throw new Error('it is PENDING');
      return answer;
    },
    { timeoutMs: 60_000, everyMs: 50, for: `a final answer to ${subject.kind} ${subject.mark}` },
  );
