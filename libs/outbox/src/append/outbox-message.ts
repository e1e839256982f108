import { defineEntity, p } from '@mikro-orm/core';

/**
 * The entity that carries a message through a unit of work; list it in `entities`. It is never inserted by MikroORM
 * itself: `outboxSubscriber` takes it out of the flush and writes it when the outermost transaction commits. So nothing but
 * the id is MikroORM's to compare and to copy.
 */
export const OutboxMessage = defineEntity({
  name: 'OutboxMessage',
  schema: 'outbox',
  tableName: 'message',
  properties: {
    id: p.uuid().primary(),
    topic: p.text().persist(false),
    key: p.text().persist(false),
    type: p.text().persist(false),
    payload: p.blob().persist(false),
    headers: p.json<Record<string, string>>().persist(false),
    /** Its place among all messages that this process appended: units of work collect them flush by flush. */
    place: p.integer().persist(false),
  },
});
