import { isAbove } from '@payments/contracts/events';
import type { Amounts, FailureReason } from '@payments/contracts/events';
import type { PaymentEvent } from '../event/decode-event.ts';
import type { Outcome } from '../event/outcome.ts';

/** A rule: what it takes is told in its channel. A condition that is absent holds for everything. */
export type Route = {
  channel: string;
  outcomes?: readonly Outcome[] | undefined;
  reasons?: readonly FailureReason[] | undefined;
  currencies?: readonly string[] | undefined;
  /** In minor units. What has the very amount is not above it; what has another currency is not either. */
  above?: Amounts | undefined;
};

/** Whether all the conditions of a route hold for an event. */
export const matches = (
  { outcomes, reasons, currencies, above }: Route,
  { outcome, payment, amount }: PaymentEvent,
): boolean =>
  (outcomes?.includes(outcome) ?? true) &&
  (reasons?.includes(payment.failureReason) ?? true) &&
  (currencies?.includes(amount.currency) ?? true) &&
  (above === undefined || isAbove(amount, above));
