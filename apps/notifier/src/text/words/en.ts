import { FailureReason } from '@payments/contracts/events';
import type { PhraseParts, Words } from './words.ts';

const number = new Intl.NumberFormat('en');
const byUser = ({ amount, reservation, user }: PhraseParts) =>
  `${amount} for reservation ${reservation} by user ${user}`;

/** English. */
export const en: Words = {
  tag: 'en',
  outcomes: {
    COMPLETED: {
      title: 'Payment completed',
      count: (payments) => `${number.format(payments)} completed`,
      phrase: byUser,
    },
    FAILED: {
      title: 'Payment failed',
      count: (payments) => `${number.format(payments)} failed`,
      phrase: byUser,
    },
    REFUNDED: {
      title: 'Payment refunded',
      count: (payments) => `${number.format(payments)} refunded`,
      phrase: ({ amount, reservation, user }) => `${amount} for reservation ${reservation} to user ${user}`,
    },
  },
  reasons: {
    [FailureReason.ALREADY_PAID]: { full: 'the reservation is already paid', short: 'already paid' },
    [FailureReason.LIMIT_EXCEEDED]: { full: 'the amount is over the limit', short: 'over the limit' },
    [FailureReason.DECLINED]: { full: 'the gateway declined', short: 'declined' },
    [FailureReason.AUTHORIZER_UNAVAILABLE]: {
      full: 'the gateway could not be reached, nothing was charged',
      short: 'gateway unreachable',
    },
    [FailureReason.UNSPECIFIED]: { full: 'no reason given', short: 'no reason given' },
  },
  unknownReason: (reason) => `reason ${String(reason)}`,
  because: (reason) => `: ${reason}`,
  labels: {
    reservation: 'Reservation',
    user: 'User',
    reason: 'Reason',
    declineCode: 'Decline code',
    payment: 'Payment',
  },
  trace: 'trace',
  mayRepeat: 'May have been told before: it is not known whether an earlier post arrived.',
  digest: (events) => `${number.format(events)} payment updates`,
  more: ({ events, failed }) =>
    `and ${number.format(events)} more${failed > 0 ? `, ${number.format(failed)} of them failed` : ''}`,
  moreCurrencies: (currencies) =>
    currencies === 1 ? 'and 1 more currency' : `and ${number.format(currencies)} more currencies`,
};
