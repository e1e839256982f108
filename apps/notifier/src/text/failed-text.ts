import { FailureReason } from '@payments/contracts';
import type { Payment } from '@payments/contracts';
import { quoted, quotedAsCode } from './escape-mrkdwn.ts';
import type { PaymentText } from './single-text.ts';

/** A payment that did not go through, and why. */
export function failedText(payment: Payment, amount: string): PaymentText {
  const { reservationId, userId } = payment;
  const reason = reasonText(payment);
  return {
    title: `❌ Payment failed · ${amount}`,
    facts: [
      ['Reservation', quotedAsCode(reservationId)],
      ['User', quotedAsCode(userId)],
      ['Reason', reason],
    ],
    sentence: `❌ Payment failed: ${amount} for reservation ${quoted(reservationId)} by user ${quoted(userId)}: ${reason}`,
  };
}

/** The reason in words and, to search for, by its name. A reason of a newer contract is shown by its number. */
function reasonText({ failureReason, declineCode }: Payment): string {
  switch (failureReason) {
    case FailureReason.ALREADY_PAID:
      return 'the reservation is already paid (ALREADY_PAID)';
    case FailureReason.LIMIT_EXCEEDED:
      return 'the amount is over the limit (LIMIT_EXCEEDED)';
    case FailureReason.DECLINED:
      return `the gateway declined: ${declineCode ? quoted(declineCode) : 'no code given'} (DECLINED)`;
    case FailureReason.AUTHORIZER_UNAVAILABLE:
      return 'the gateway could not be reached, nothing was charged (AUTHORIZER_UNAVAILABLE)';
    case FailureReason.UNSPECIFIED:
      return 'no reason given';
    default:
      return `reason ${String(failureReason satisfies never)}`;
  }
}
