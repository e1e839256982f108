import { metrics } from '@opentelemetry/api';
import type { Log } from '@payments/runtime';
import type { PaymentRow } from './database/payment.ts';

/** Which payment is told of. Neither who pays nor how much. */
export type Told = Pick<PaymentRow, 'paymentId' | 'reservationId'>;

/**
 * Tells people what was decided, once for each decision: whoever stored it calls this after its commit. A repeat of a
 * request decides nothing and is not told. Of a COMMIT whose answer was lost nobody tells: history and event do.
 */
export type TellOutcome = {
  /** What a payment has come to; PENDING: the call that made it could not find out, and recovery goes on. */
  ofPayment(payment: Told & Pick<PaymentRow, 'state' | 'failureReason'>): void;
  /** A refund that was not made: refused by the payment gateway, or its answer is not known yet. */
  ofRefund(payment: Told, state: 'DECLINED' | 'PENDING'): void;
};

/**
 * A line of the log for each outcome, and the metric `payment_outcomes_total` for those that are final. To be called after
 * the meter is there.
 */
export const openOutcomes = (log: Pick<Log, 'info'>): TellOutcome => {
  const outcomes = metrics.getMeter('@payments/payment').createCounter('payment.outcomes', {
    description: 'payments that came to a state',
  });
  return {
    ofPayment: ({ state, failureReason, ...payment }) => {
      const reason = failureReason ? { reason: failureReason } : {};
      if (state !== 'PENDING') outcomes.add(1, { outcome: state.toLowerCase(), ...reason });
      log.info({ ...fields(payment), ...reason }, `payment ${state.toLowerCase()}`);
    },
    ofRefund: (payment, state) => log.info(fields(payment), `refund ${state.toLowerCase()}`),
  };
};

const fields = ({ paymentId, reservationId }: Told) => ({
  payment_id: paymentId,
  reservation_id: reservationId,
});
