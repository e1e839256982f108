/** How pg-transactional-outbox learns of messages: from PostgreSQL's log, or by asking the table. */
export type Listening = 'replication' | 'polling';

/** What the process with its listener is told, as JSON. */
export interface ListenerOrder {
  listening: Listening;
  /** The folder that its packages are required from. */
  folder: string;
  databaseUrl: string;
  brokers: readonly string[];
  slot: string;
}

/** Names in its database. */
export const names = {
  schema: 'public',
  table: 'outbox',
  publication: 'outbox_publication',
  nextMessages: 'next_outbox_messages',
  application: 'pg-transactional-outbox',
};
