import type { ClientBase } from 'pg';
import { reachedNumber } from './mark.ts';
import { instantRow, messageOf, messageRow, readRows } from './message-rows.ts';
import type { Positions } from './position.ts';
import type { BatchLimits, RelayMessage } from './read-messages.ts';

/** So many rows are looked at, at most. */
export const fewRows = 300;

/**
 * All that is new, of all lanes at once, where that is little: what this statement sees and `done` does not. By (lane, xid, seq)
 * from the oldest transaction on that was running when `done` was taken, so it may come by rows that are published; not by more
 * than it is told to look at. A node for each partition is what a read of a few rows costs, in setting the plan up: 16 of
 * them here, 48 in the read of a batch. Processor time of the server for a round that finds one row: 0.28 of that one's
 * (200 µs for 850). Payloads above 2 kB stay out of line until it is known that all are returned.
 */
const newMessages = `
with instant as materialized (
  select pg_current_snapshot() as snapshot, ${reachedNumber} as reached from outbox.message_seq
),
seen as materialized (
  select lane, seq, id, topic, key, type, payload, headers, created_at,
         pg_visible_in_snapshot(xid, snapshot) and not pg_visible_in_snapshot(xid, $3::pg_snapshot) as new
    from instant, outbox.message where lane = any ($1::smallint[]) and xid >= $2::xid8 limit $4 + 1
),
total as materialized (
  select count(*)::integer as rows,
         coalesce(sum(octet_length(payload) + octet_length(key) + pg_column_size(headers)) filter (where new), 0) as bytes
    from seen
)
select ${instantRow}, (rows > $4 or bytes > $5)::integer as more from instant, total
union all
(select ${messageRow}, 0 from seen, total
  where new and rows <= $4 and bytes <= $5 order by seq)`;

/** What is new in all lanes, in order of seq, and the snapshot that saw it. */
export interface FewMessages {
  messages: RelayMessage[];
  snapshot: string;
  reached: bigint;
}

/**
 * Reads all that is new in lanes that stand between two windows and are done with the same snapshot. One statement, no
 * transaction. @returns undefined where that is more than a few rows, or more than `limits` allow
 */
export async function readFew(
  client: ClientBase,
  positions: Positions,
  { done, limits }: { done: string; limits: BatchLimits },
): Promise<FewMessages | undefined> {
  const lanes = positions.map(({ lane }) => lane);
  const xmin = done.slice(0, done.indexOf(':'));
  const { snapshot, reached, added, rows } = await readRows(client, {
    name: 'outbox few messages',
    text: newMessages,
    values: [lanes, xmin, done, Math.min(fewRows, limits.rows), limits.bytes],
  });
  return added === 0 ? { messages: rows.map(messageOf), snapshot, reached } : undefined;
}
