import type { ClientBase } from 'pg';
import { readLag } from './read-lag.ts';
import { readOldestTransaction, type OldestTransaction } from './read-open-transactions.ts';

/** How far behind an outbox is, in numbers that can be watched. They are of the whole outbox, whoever reads them. */
export interface OutboxFigures {
  /**
   * How long ago the oldest message that is committed and not published was appended; 0 where none waits. What an open
   * transaction has appended does not wait yet: when it commits, its messages are as old as their append.
   */
  lagSeconds: number;
  /** How many wait: see `Lag`. */
  unpublishedMessages: number;
  /** What Kafka refuses and what waits behind it: counted up to 100,000. */
  parkedMessages: number;
  oldestTransaction: OldestTransaction;
}

/** Counted by the index on what is parked: 0.1 ms for a few, 20 ms for 100,000, and no further. */
const parked = `
select count(*)::integer as messages
  from (select from outbox.parked where state = 'PARKED' order by lane, topic, key, seq limit 100000) as parked`;

/**
 * Reads the figures, in three statements that do not grow with the log. Needs USAGE on the schema and SELECT on its tables; and
 * pg_read_all_stats for how old the transactions of other roles are.
 */
export async function readFigures(client: ClientBase): Promise<OutboxFigures> {
  const { waiting, oldestMs } = await readLag(client);
  const { rows } = await client.query<{ messages: number }>(parked);
  return {
    lagSeconds: Math.max(0, oldestMs ?? 0) / 1000,
    unpublishedMessages: waiting,
    parkedMessages: rows[0]?.messages ?? 0,
    oldestTransaction: await readOldestTransaction(client),
  };
}
