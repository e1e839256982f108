import { appendMessage } from '@payments/outbox/writer';
import type { UnitOfWork } from './database/in-transaction.ts';
import { PaymentHistory } from './database/payment-history.ts';
import type { PaymentRow } from './database/payment.ts';
import { paymentMessage } from './payment-message.ts';

/** The history line and the message of what a payment has just come to, in the unit of work that brings it there. */
export const recordOutcome = (em: UnitOfWork, payment: PaymentRow): void => {
  const { userId, reservationId, amountMinor, currency, state, failureReason, updatedAt } = payment;
  const facts = { userId, reservationId, amountMinor, currency, state, failureReason };
  em.create(PaymentHistory, { ...facts, payment, createdAt: updatedAt });
  appendMessage(em, paymentMessage(payment));
};
