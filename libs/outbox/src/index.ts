export { adoptLog, type Adoption, type AdoptLogOptions } from './adopt/adopt-log.ts';
export type { CopiedPosition } from './adopt/copied-positions.ts';
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
export { releaseCommand } from './parking/release-command.ts';
export { orderOf, type Refusal, type RefusalCause } from './parking/refusal.ts';
export type { Batch } from './relay/batches.ts';
export type { BatchLimits, RelayMessage } from './relay/read-messages.ts';
export { cleanUp, type CleanUpReport } from './retention/clean-up.ts';
export type { Deleted } from './retention/delete-settled.ts';
export type { EmptyOldSlotsOptions, Ring, SlotOutcome, SlotReport } from './retention/empty-old-slots.ts';
export type { Statements } from './retention/statements.ts';
export { openWaker, type Waker, type WakerOptions } from './wake/waker.ts';
export { connectForStatus, type StatusConnectionOptions } from './status/connect.ts';
export { findMessage, type FoundMessage } from './status/find-message.ts';
export {
  listMessages,
  type ListedMessage,
  type MessageFilter,
  type MessageList,
  type MessageStatus,
} from './status/list-messages.ts';
export { openFigures, type FiguresReader } from './status/open-figures.ts';
export { readFigures, type OutboxFigures } from './status/read-figures.ts';
export { readRelays, type LaneInfo, type RelayInfo } from './status/read-lanes.ts';
export type { Lag } from './status/read-lag.ts';
export type { OldestTransaction, OpenTransaction } from './status/read-open-transactions.ts';
export { readParkedGroups, type Parked, type ParkedGroup } from './status/read-parked-groups.ts';
export type { SlotInfo } from './status/read-ring.ts';
export { readStatus, type OutboxStatus } from './status/read-status.ts';
export type { UnfinishedRequest } from './status/read-unfinished-requests.ts';
