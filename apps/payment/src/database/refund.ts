import { defineEntity, p } from '@mikro-orm/core';
import type { InferEntity } from '@mikro-orm/core';
import { Payment } from './payment.ts';

/** Where a refund stands, as the database spells it. */
export type RefundState = 'PENDING' | 'COMPLETED' | 'DECLINED';

/** A row of `payment.refund`: one try to pay a payment back. */
export const Refund = defineEntity({
  name: 'Refund',
  schema: 'payment',
  tableName: 'refund',
  properties: {
    refundId: p.uuid().primary(),
    payment: () => p.manyToOne(Payment).joinColumn('payment_id'),
    state: p.text().$type<RefundState>(),
    declineCode: p.text().nullable(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
  },
});

/** One refund, in memory. */
export type RefundRow = InferEntity<typeof Refund>;
