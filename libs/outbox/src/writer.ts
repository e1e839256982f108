/**
 * What a service that appends messages needs, and no more: a relay would bring RxJS along, which such a service need not load, and
 * a relay need not load MikroORM. With both in one module a relay took 15 MB more and 1.2 times the processor time to start.
 */
export { appendMessage, type NewMessage } from './append/append-message.ts';
export { joinCommit } from './append/join-commit.ts';
export { OutboxMessage } from './append/outbox-message.ts';
export { outboxSubscriber } from './append/outbox-subscriber.ts';
export { migrateOutbox, type MigrateOutboxOptions } from './migrations/migrate-outbox.ts';
export { openWaker, type Waker, type WakerOptions } from './wake/waker.ts';
