import { PaymentState, paymentEventTypes } from '@payments/contracts/events';
import type { PaymentEventType } from '@payments/contracts/events';

/** Every kind of event that is told, by `ce_type`. Another kind is one line here, and its words in `text/words`. */
const outcomes = {
  [paymentEventTypes.completed]: 'COMPLETED',
  [paymentEventTypes.failed]: 'FAILED',
  [paymentEventTypes.refunded]: 'REFUNDED',
} as const satisfies Record<PaymentEventType, keyof typeof PaymentState>;

/** What became of a payment, as the contract names it. */
export type Outcome = (typeof outcomes)[PaymentEventType];

/** Every outcome that is told. */
export const everyOutcome: readonly Outcome[] = Object.values(outcomes);

/** The outcome that a `ce_type` tells of; undefined: a kind that this version does not know. */
export const outcomeOfType = (type: string): Outcome | undefined =>
  Object.hasOwn(outcomes, type) ? outcomes[type as PaymentEventType] : undefined;

/** The state that the payment of such an event must have. */
export const stateOf = (outcome: Outcome): PaymentState => PaymentState[outcome];
