import type { ClientBase } from 'pg';
import type { LanePosition } from '../relay/position.ts';
import { payloadUpToLargest } from '../relay/payload-read.ts';
import type { BatchLimits, RelayMessage } from '../relay/read-messages.ts';
import { toRelayMessage, type StoredMessage } from '../relay/stored-message.ts';

/** Rows of the log that one statement looks at, at most. */
const sliceRows = 10_000;

/** The end of a slice of a lane's log: by `message_by_sequence`, 3 ms. */
const sliceEnd = `
select max(seq) as until, count(*)::integer as count
  from (select seq from outbox.message where lane::integer = $1::integer and seq > $2 order by seq limit $3) as slice`;

/**
 * What is published of a slice: visible in `done`, or in `window` up to `pos`. What is parked or given up is not; what was
 * released is. By `message_by_sequence`, `sliceRows` of it at most.
 */
const published = `
select lane, seq, id, topic, key, type, ${payloadUpToLargest} as payload, headers, created_at, found from (
  select *, count(*) over () as found, sum(size) over (order by seq) - size as bytes_before
    from (select lane, seq, id, topic, key, type, payload, headers, created_at,
                 octet_length(payload) + octet_length(key) + pg_column_size(headers) as size
            from outbox.message
           where lane::integer = $1::integer and seq > $2 and seq <= $3
             and (pg_visible_in_snapshot(xid, $4::text::pg_snapshot)
                  or ($5::text is not null and seq <= $6 and pg_visible_in_snapshot(xid, $5::text::pg_snapshot)))
             and created_at >= $7 and ($8::text is null or key = $8)
             and not exists (select from outbox.parked where parked.seq = message.seq and parked.state <> 'PUBLISHED')
           order by seq limit $9) as next
  ) as batch
 where bytes_before < $10 order by seq`;

/** A part of what is published, in order of seq. */
export interface PublishedSlice {
  messages: RelayMessage[];
  /** Everything up to here was looked at. */
  pos: bigint;
  /** Nothing that is published lies behind it. */
  caughtUp: boolean;
}

/**
 * Reads the next published messages of a lane behind `from.pos`. `position`: where the lane stands, up to the last
 * acknowledgement: what was read ahead of it is not published yet.
 */
export async function readPublished(
  client: ClientBase,
  from: { pos: bigint; since: Date; key: string | null; position: LanePosition },
  limits: BatchLimits,
): Promise<PublishedSlice> {
  const { pos, since, key, position } = from;
  const end = await client.query<{ until: string | null; count: number }>({
    name: 'outbox slice end',
    text: sliceEnd,
    values: [position.lane, pos, sliceRows],
  });
  const { until, count } = end.rows[0] ?? { until: null, count: 0 };
  if (until === null) return { messages: [], pos, caughtUp: true };
  const { rows } = await client.query<StoredMessage & { found: string }>({
    name: 'outbox published',
    text: published,
    values: [
      ...[position.lane, pos, until, position.done, position.window, position.pos],
      ...[since, key, limits.rows, limits.bytes],
    ],
  });
  const messages = rows.map(toRelayMessage);
  const found = Number(rows[0]?.found ?? 0);
  const truncated = found === limits.rows || found > rows.length;
  return {
    messages,
    pos: truncated ? (messages.at(-1)?.seq ?? pos) : BigInt(until),
    caughtUp: !truncated && count < sliceRows,
  };
}
