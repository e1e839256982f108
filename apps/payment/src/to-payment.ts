import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  FailureReason,
  PaymentHistoryEntrySchema,
  PaymentSchema,
  PaymentState,
  toMoney,
} from '@payments/contracts';
import type { Payment, PaymentHistoryEntry } from '@payments/contracts';
import type { PaymentHistoryRow } from './database/payment-history.ts';
import type { PaymentRow } from './database/payment.ts';

type Facts = Pick<
  PaymentRow,
  'userId' | 'reservationId' | 'amountMinor' | 'currency' | 'state' | 'createdAt'
> & {
  failureReason?: PaymentRow['failureReason'];
};

/** What a payment and its history have in common. */
const sharedFields = (facts: Facts) => ({
  userId: facts.userId,
  reservationId: facts.reservationId,
  amount: toMoney({ minor: facts.amountMinor, currency: facts.currency }),
  state: PaymentState[facts.state],
  failureReason: FailureReason[facts.failureReason ?? 'UNSPECIFIED'],
  createTime: timestampFromDate(facts.createdAt),
});

/** A stored payment as callers and readers of events see it. */
export const toPayment = (row: PaymentRow): Payment =>
  create(PaymentSchema, {
    ...sharedFields(row),
    paymentId: row.paymentId,
    declineCode: row.declineCode ?? '',
    updateTime: timestampFromDate(row.updatedAt),
  });

/** A stored line of history as callers see it. */
export const toHistoryEntry = (row: PaymentHistoryRow): PaymentHistoryEntry =>
  create(PaymentHistoryEntrySchema, { ...sharedFields(row), paymentId: row.payment.paymentId });
