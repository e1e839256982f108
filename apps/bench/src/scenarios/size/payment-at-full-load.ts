import { openPaymentClient, PaymentState, toMoney } from '@payments/contracts';
import type { PaymentClient } from '@payments/contracts';
import type { BenchDatabase } from '../../ground/ground.ts';
import { checkRows } from '../../ground/payment-database.ts';
import { startService } from '../../ground/start-service.ts';
import { costOf } from '../../measure/process-cost.ts';
import type { Cost } from '../../measure/process-cost.ts';
import type { Bench } from '../../scenario.ts';

/** Calls that are under way at a time. */
const inFlight = 32;

/**
 * Has the payment service pay `reservations`, one a call, and looks at it after the last reply. Each has to be COMPLETED, and
 * its message has to be in the outbox.
 */
export async function paymentAtFullLoad(
  { ground, stop }: Bench,
  { database, reservations }: { database: BenchDatabase; reservations: readonly string[] },
): Promise<Cost> {
  await using payment = await startService(ground, {
    app: 'payment',
    databaseUrl: database.url,
    telemetry: true,
  });
  using client = openPaymentClient({ address: payment.grpc });
  // One iterator for all: each takes the next reservation that nobody has taken.
  const next = reservations.values();
  const payAll = async () => {
    for (const reservationId of next) {
      stop.throwIfAborted();
      await pay(client, reservationId);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, payAll));
  const cost = await costOf([payment.pid]);
  const count = reservations.length;
  await checkRows(database, { by: 'payment', payments: count, history: count, messages: count });
  return cost;
}

async function pay(client: PaymentClient, reservationId: string): Promise<void> {
  const amount = toMoney({ currency: 'KRW', minor: 15_000n });
  const { payments } = await client.executePayments({
    userId: 'bench',
    reservations: [{ reservationId, amount }],
  });
  if (payments[0]?.state !== PaymentState.COMPLETED)
    throw new Error(`${reservationId} was not paid: ${payments[0]?.failureReason}`);
}
