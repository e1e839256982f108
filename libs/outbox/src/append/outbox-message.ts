import { defineEntity, p } from '@mikro-orm/core';

/**
 * The entity that carries a message through a unit of work; list it in `entities`. It is never inserted by MikroORM
 * itself: `outboxSubscriber` takes it out of the flush and writes it when the outermost transaction commits.
 */
export const OutboxMessage = defineEntity({
  name: 'OutboxMessage',
  schema: 'outbox',
  tableName: 'message',
  properties: {
    id: p.uuid().primary(),
    topic: p.text(),
    key: p.text(),
    type: p.text(),
    payload: p.blob(),
    headers: p.json<Record<string, string>>(),
    /** Its place among all messages that this process appended: units of work collect them flush by flush. */
    place: p.integer().persist(false),
  },
});
