import type { Payment } from '@payments/contracts';
import { quoted, quotedAsCode } from './escape-mrkdwn.ts';
import type { PaymentText } from './single-text.ts';

/** A payment that went through. */
export function completedText({ reservationId, userId }: Payment, amount: string): PaymentText {
  return {
    title: `✅ Payment completed · ${amount}`,
    facts: [
      ['Reservation', quotedAsCode(reservationId)],
      ['User', quotedAsCode(userId)],
    ],
    sentence: `✅ Payment completed: ${amount} for reservation ${quoted(reservationId)} by user ${quoted(userId)}`,
  };
}
