import { randomBytes, randomUUID } from 'node:crypto';
import { Metadata } from '@grpc/grpc-js';
import { toMoney, type PaymentClient } from '@payments/contracts';

/** A payment, and the trace in which it was asked for. */
export interface PaidInTrace {
  traceId: string;
  paymentId: string;
}

const timeoutMs = 60_000;

/** Pays for one reservation in a trace of the caller's own, as a client with an SDK of its own would. */
export async function payInTrace(
  client: PaymentClient,
  reservationId: string,
  { sampled = true }: { sampled?: boolean } = {},
): Promise<PaidInTrace> {
  const { traceId, metadata } = beginTrace(sampled);
  const amount = toMoney({ currency: 'KRW', minor: 1000n });
  const order = { requestId: randomUUID(), userId: 'u-1', reservations: [{ reservationId, amount }] };
  const { payments } = await client.executePayments(order, { metadata, timeoutMs });
  return { traceId, paymentId: payments[0]?.paymentId ?? '' };
}

/** Pays a payment back, likewise; gives the trace's id. */
export async function refundInTrace(client: PaymentClient, paymentId: string): Promise<string> {
  const { traceId, metadata } = beginTrace(true);
  await client.refundPayment({ paymentId }, { metadata, timeoutMs });
  return traceId;
}

function beginTrace(sampled: boolean): { traceId: string; metadata: Metadata } {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  const metadata = new Metadata();
  metadata.set('traceparent', `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`);
  return { traceId, metadata };
}
