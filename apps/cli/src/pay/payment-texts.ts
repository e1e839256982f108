import { styleText } from 'node:util';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { FailureReason, formatMoney, PaymentState, readMoney } from '@payments/contracts';
import type { Money, Payment } from '@payments/contracts';
import { strangersText } from '../terminal/texts.ts';

/** An amount as people read it; `?` for one that this program cannot make out. */
export const amountText = (money: Money | undefined): string => {
  const amount = money && readMoney(money);
  return !amount || 'problem' in amount ? '?' : formatMoney(amount);
};

/** The name of an enum's value; its number if it is younger than this program. */
const nameOf = (names: Readonly<Record<number, string>>, value: number): string =>
  names[value] ?? String(value);

/** A state in its colour; without one where standard output is no terminal, and with `NO_COLOR`. */
export const stateText = (state: PaymentState): string => {
  const name = nameOf(PaymentState, state);
  if (state === PaymentState.COMPLETED) return styleText('green', name);
  return styleText(state === PaymentState.FAILED ? 'red' : 'yellow', name);
};

/** Why a payment failed, with the gateway's code; empty if it did not. */
export const reasonText = ({
  failureReason,
  declineCode = '',
}: Pick<Payment, 'failureReason'> & Partial<Pick<Payment, 'declineCode'>>): string => {
  if (failureReason === FailureReason.UNSPECIFIED) return '';
  return [nameOf(FailureReason, failureReason), strangersText(declineCode, 40)].filter(Boolean).join(': ');
};

/** A time as RFC 3339; empty for one that is missing or no time. */
export const timeText = (time: Timestamp | undefined): string => {
  const date = new Date(time ? timestampMs(time) : NaN);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
};

/** An id that somebody chose, cut so that a table stays one. */
export const idText = (id: string): string => strangersText(id, 60);
