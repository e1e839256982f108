import type { Payment } from '@payments/contracts';
import { quoted, quotedAsCode } from './escape-mrkdwn.ts';
import type { PaymentText } from './single-text.ts';

/** A payment that was paid back. */
export function refundedText({ reservationId, userId }: Payment, amount: string): PaymentText {
  return {
    title: `↩️ Payment refunded · ${amount}`,
    facts: [
      ['Reservation', quotedAsCode(reservationId)],
      ['User', quotedAsCode(userId)],
    ],
    sentence: `↩️ Payment refunded: ${amount} for reservation ${quoted(reservationId)} to user ${quoted(userId)}`,
  };
}
