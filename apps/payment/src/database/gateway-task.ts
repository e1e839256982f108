import { defineEntity, p } from '@mikro-orm/core';
import type { InferEntity } from '@mikro-orm/core';
import { Payment } from './payment.ts';

/** What the payment gateway is asked to do. */
export type GatewayTaskKind = 'CHARGE' | 'REFUND';

/** A row of `payment.gateway_task`: what the payment gateway was or will be asked, until its answer is stored. */
export const GatewayTask = defineEntity({
  name: 'GatewayTask',
  schema: 'payment',
  tableName: 'gateway_task',
  properties: {
    taskId: p.uuid().primary(),
    kind: p.text().$type<GatewayTaskKind>(),
    payment: () => p.manyToOne(Payment).joinColumn('payment_id'),
    askedOf: p.text(),
    claim: p.integer(),
    claimedUntil: p.datetime(6),
    dueAt: p.datetime(6),
    createdAt: p.datetime(6),
    traceparent: p.text().nullable(),
  },
});

/** One task, in memory. */
export type GatewayTaskRow = InferEntity<typeof GatewayTask>;
