import { bulkhead } from 'cockatiel';
import { waitingEnd } from '../database/in-transaction.ts';
import type { TimeBound } from '../database/in-transaction.ts';
import type { Database } from '../database/open-database.ts';
import type { PaymentRow } from '../database/payment.ts';
import type { Charge, Gateway, GatewayAnswer } from '../gateway/gateway.ts';
import type { TellOutcome } from '../tell-outcome.ts';
import { settleCharge } from './settle-charge.ts';

/** How many payments of one order are at the payment gateway at a time. */
const concurrency = 8;

/** As many as an order has reservations. */
const queueLength = 100;

/** What charging needs. */
export type ChargingOptions = {
  database: Database;
  gateway: Gateway;
  tell: TellOutcome;
  /** Hints to the relay that something was committed. */
  wake: () => void;
  /** Hints to recovery that something was left to it. */
  wakeRecovery: () => void;
};

/**
 * Charges the PENDING payments of an order whose intent is committed, outside of any transaction, and stores each answer.
 * What cannot be asked within the time of the call, or is not known then, stays PENDING and is left to recovery.
 * @returns the payments as they stand then, in the same order
 * @throws whatever kept an outcome from being stored, once all have been tried: recovery takes those up
 */
export const chargePending = async (
  options: ChargingOptions,
  payments: readonly PaymentRow[],
  context: TimeBound,
): Promise<PaymentRow[]> => {
  const ask = asker(options.gateway, context);
  const places = bulkhead(concurrency, queueLength);
  const charging = payments.map(async (payment) =>
    payment.state === 'PENDING' ? places.execute(() => chargeOne(options, payment, ask)) : payment,
  );
  const settled = await Promise.allSettled(charging);
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
};

const chargeOne = async (
  { wake, wakeRecovery, ...settling }: ChargingOptions,
  { paymentId, userId, reservationId, amountMinor: minor, currency }: PaymentRow,
  ask: (charge: Charge) => Promise<GatewayAnswer>,
): Promise<PaymentRow> => {
  const answer = await ask({ paymentId, userId, reservationId, amount: { minor, currency } });
  const payment = await settleCharge(settling, { taskId: paymentId, claim: 1 }, answer);
  if (payment.state === 'PENDING') wakeRecovery();
  else wake();
  return payment;
};

/**
 * Asks the payment gateway while the call has time. A call that ends before the first question has asked nothing, and says
 * so; after that, what is left over is for recovery, as if it had been asked: the caller reckons with being charged.
 *
 * A question under way is not ended when the caller goes: its answer decides a payment either way.
 */
const asker = (gateway: Gateway, context: TimeBound) => {
  const deadline = waitingEnd(context);
  const { signal } = new AbortController();
  let asked = false;
  return (charge: Charge): Promise<GatewayAnswer> => {
    if (context.signal.aborted || Date.now() >= deadline) {
      return Promise.resolve({ outcome: asked ? 'UNKNOWN' : 'NOT_ASKED', reason: 'the call has ended' });
    }
    asked = true;
    return gateway.charge(charge, { signal, deadline });
  };
};
