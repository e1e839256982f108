import { defineEntity, p } from '@mikro-orm/core';
import type { InferEntity } from '@mikro-orm/core';

/** Where a payment stands, as the database spells it. */
export type State = 'PENDING' | 'COMPLETED' | 'FAILED' | 'REFUNDED';

/** Why a payment failed, as the database spells it. */
export type Failure = 'ALREADY_PAID' | 'LIMIT_EXCEEDED' | 'DECLINED' | 'AUTHORIZER_UNAVAILABLE';

/** Who decides a payment: the service itself, or the payment gateway. */
export type Authorizer = 'BUILT_IN' | 'GATEWAY';

/** A row of `payment.payment`: one attempt to pay one reservation. */
export const Payment = defineEntity({
  name: 'Payment',
  schema: 'payment',
  tableName: 'payment',
  properties: {
    paymentId: p.uuid().primary(),
    userId: p.text(),
    reservationId: p.text(),
    amountMinor: p.bigint(),
    currency: p.text(),
    state: p.text().$type<State>(),
    failureReason: p.text().$type<Failure>().nullable(),
    declineCode: p.text().nullable(),
    authorizer: p.text().$type<Authorizer>(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
  },
});

/** One payment, in memory. */
export type PaymentRow = InferEntity<typeof Payment>;
