import { defineEntity, p } from '@mikro-orm/core';

/** A row of `payment.request`: the first answer to a request that has an id. */
export const StoredRequest = defineEntity({
  name: 'StoredRequest',
  schema: 'payment',
  tableName: 'request',
  properties: {
    caller: p.text().primary(),
    method: p.text().primary(),
    requestId: p.uuid().primary(),
    requestHash: p.blob(),
    reply: p.blob(),
    createdAt: p.datetime(3),
  },
});
