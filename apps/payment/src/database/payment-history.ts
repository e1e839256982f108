import { defineEntity, p } from '@mikro-orm/core';
import type { InferEntity } from '@mikro-orm/core';
import { Payment } from './payment.ts';
import type { Failure, State } from './payment.ts';

/** A row of `payment.payment_history`: what a payment came to. The relation makes MikroORM insert the payment first. */
export const PaymentHistory = defineEntity({
  name: 'PaymentHistory',
  schema: 'payment',
  tableName: 'payment_history',
  properties: {
    historyId: p.bigint().primary().autoincrement(),
    payment: () => p.manyToOne(Payment).joinColumn('payment_id'),
    userId: p.text(),
    reservationId: p.text(),
    amountMinor: p.bigint(),
    currency: p.text(),
    state: p.text().$type<State>(),
    failureReason: p.text().$type<Failure>().nullable(),
    createdAt: p.datetime(3),
  },
});

/** One line of history, in memory. */
export type PaymentHistoryRow = InferEntity<typeof PaymentHistory>;
