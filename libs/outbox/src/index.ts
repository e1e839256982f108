export { adoptLog, type Adoption, type AdoptLogOptions } from './adopt/adopt-log.ts';
export type { CopiedPosition } from './adopt/copied-positions.ts';
export { appendMessage, type NewMessage } from './append/append-message.ts';
export { OutboxMessage } from './append/outbox-message.ts';
export { outboxSubscriber } from './append/outbox-subscriber.ts';
export { OutboxError, outboxError, type OutboxErrorCode } from './errors.ts';
export { migrateOutbox, type MigrateOutboxOptions } from './migrations/migrate-outbox.ts';
export { openRelaySession, type RelaySession, type RelaySessionOptions } from './relay/relay-session.ts';
export {
  readRequests,
  requestDiscard,
  requestRelease,
  requestRepublish,
  type ReleaseRequest,
  type RequestProgress,
} from './parking/ask-owner.ts';
export type { Refusal, RefusalCause } from './parking/refusal.ts';
export type { Batch } from './relay/batches.ts';
export type { BatchLimits, RelayMessage } from './relay/read-messages.ts';
export { cleanUp, type CleanUpReport } from './retention/clean-up.ts';
export type { Deleted } from './retention/delete-settled.ts';
export type { EmptyOldSlotsOptions, Ring, SlotOutcome, SlotReport } from './retention/empty-old-slots.ts';
export type { Statements } from './retention/statements.ts';
export { openWaker, type Waker, type WakerOptions } from './wake/waker.ts';
