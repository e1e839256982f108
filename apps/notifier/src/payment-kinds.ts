import { PaymentState, paymentEventTypes } from '@payments/contracts';
import type { Payment, PaymentEventType } from '@payments/contracts';
import { completedText } from './completed-text.ts';
import { failedText } from './failed-text.ts';
import { refundedText } from './refunded-text.ts';

/** What one kind of event says: `title` at a glance, `facts` as name and Slack text, `sentence` where no blocks are shown. */
export type PaymentText = { title: string; facts: [name: string, text: string][]; sentence: string };

/** One kind of event: the state that its payment must have, and its text. `amount` is already formatted. */
export type PaymentKind = {
  state: PaymentState;
  text: (payment: Payment, amount: string) => PaymentText;
};

/** Every kind that is told, by `ce_type`. Another kind is one line here and one file with its text. */
const paymentKinds: Record<PaymentEventType, PaymentKind> = {
  [paymentEventTypes.completed]: { state: PaymentState.COMPLETED, text: completedText },
  [paymentEventTypes.failed]: { state: PaymentState.FAILED, text: failedText },
  [paymentEventTypes.refunded]: { state: PaymentState.REFUNDED, text: refundedText },
};

/** The kind of a `ce_type`; undefined: not one that is told. */
export const paymentKind = (type: string): PaymentKind | undefined =>
  Object.hasOwn(paymentKinds, type) ? paymentKinds[type as PaymentEventType] : undefined;
