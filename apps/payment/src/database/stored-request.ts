import { defineEntity, p } from '@mikro-orm/core';

/** A row of `payment.request`: a request that has an id, and what it made. */
export const StoredRequest = defineEntity({
  name: 'StoredRequest',
  schema: 'payment',
  tableName: 'request',
  properties: {
    caller: p.text().primary(),
    method: p.text().primary(),
    requestId: p.uuid().primary(),
    requestHash: p.blob(),
    /** Ids of payments, or of a refund, in the order asked. */
    made: p.array().columnType('uuid[]').nullable(),
    /** The serialized reply, of requests from before `made` was there. */
    reply: p.blob().nullable(),
    createdAt: p.datetime(3),
  },
});
