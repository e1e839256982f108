import type { Payment, PaymentHistoryEntry } from '@payments/contracts';
import { table } from '../terminal/table.ts';
import { strangersText } from '../terminal/texts.ts';
import { amountText, idText, reasonText, stateText, timeText } from './payment-texts.ts';

/** A table of an order's payments, as they were asked for: what was paid, how much, what came of it and why. */
export const showOrder = (payments: readonly Payment[]): string =>
  table(
    payments,
    {
      reservation: ({ reservationId }) => strangersText(reservationId),
      amount: ({ amount }) => amountText(amount),
      outcome: ({ state }) => stateText(state),
      reason: reasonText,
      'payment id': ({ paymentId }) => strangersText(paymentId),
    },
    ['amount'],
  );

/** A table of payments or of outcomes, with their times and payers. */
export const showList = (rows: readonly (Payment | PaymentHistoryEntry)[]): string =>
  table(
    rows,
    {
      time: ({ createTime }) => timeText(createTime),
      user: ({ userId }) => idText(userId),
      reservation: ({ reservationId }) => idText(reservationId),
      amount: ({ amount }) => amountText(amount),
      state: ({ state }) => stateText(state),
      reason: reasonText,
      'payment id': ({ paymentId }) => strangersText(paymentId),
    },
    ['amount'],
  );

/** A payment with all that is known of it. */
export const showPayment = (payment: Payment): string => {
  const reason = reasonText(payment);
  const lines: [string, string][] = [
    ['payment', strangersText(payment.paymentId)],
    ['state', stateText(payment.state)],
    ...(reason ? [['reason', reason] as [string, string]] : []),
    ['amount', amountText(payment.amount)],
    ['user', strangersText(payment.userId)],
    ['reservation', strangersText(payment.reservationId)],
    ['created', timeText(payment.createTime)],
    ['changed', timeText(payment.updateTime)],
  ];
  return lines.map(([name, value]) => `${name.padEnd(12)}${value}`).join('\n');
};
