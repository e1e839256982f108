import { styleText } from 'node:util';
import { FailureReason, formatMoney, PaymentState, readMoney } from '@payments/contracts';
import type { Money, Payment } from '@payments/contracts';
import Table from 'cli-table3';

const amountText = (money: Money | undefined): string => {
  const amount = money && readMoney(money);
  return !amount || 'problem' in amount ? '?' : formatMoney(amount);
};

/** The name of an enum's value; its number if it is younger than this program. */
const nameOf = (names: Readonly<Record<number, string>>, value: number): string =>
  names[value] ?? String(value);

const stateText = (state: PaymentState): string => {
  const name = nameOf(PaymentState, state);
  if (state === PaymentState.COMPLETED) return styleText('green', name);
  return styleText(state === PaymentState.FAILED ? 'red' : 'yellow', name);
};

const reasonText = ({ failureReason, declineCode }: Payment): string => {
  if (failureReason === FailureReason.UNSPECIFIED) return '';
  return [nameOf(FailureReason, failureReason), declineCode].filter(Boolean).join(': ');
};

/** A table of payments, in the order given: what was paid, how much, what came of it and why. */
export const showPayments = (payments: readonly Payment[]): string => {
  const table = new Table({
    head: ['reservation', 'amount', 'outcome', 'reason', 'payment id'],
    colAligns: ['left', 'right'],
    style: { head: [], border: [] },
  });
  for (const payment of payments) {
    const { reservationId, amount, state, paymentId } = payment;
    table.push([reservationId, amountText(amount), stateText(state), reasonText(payment), paymentId]);
  }
  return table.toString();
};
