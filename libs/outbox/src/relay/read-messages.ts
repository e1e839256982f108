import type { ClientBase } from 'pg';
import type { LanePosition, Positions, ReadOutcome } from './position.ts';

/** A committed message on its way to Kafka. */
export interface RelayMessage {
  lane: number;
  /** Its number in the log; for messages of one key the order of commits. */
  seq: bigint;
  id: string;
  topic: string;
  key: string;
  type: string;
  payload: Buffer;
  headers: Record<string, string>;
  createdAt: Date;
}

/** Bounds of one batch. At least one message is read, however large. */
export interface BatchLimits {
  /** Messages. */
  rows: number;
  /** Bytes of payload, key and headers. */
  bytes: number;
}

/**
 * The next messages of all lanes: those not visible in `done`, visible in `window` (this statement's own snapshot where
 * a lane has no window yet), behind `pos`, in order of seq within a lane, lane after lane in the order given.
 *
 * Three branches rather than one condition with OR, for which the planner filters the whole log:
 *   late   rows of transactions that were running when `done` was taken: by (lane, xid, seq)
 *   new    rows of transactions since then: by (lane, xid, seq) and a sort, which is cheap while the window is small
 *   scan   both, once a window is known to be large: by (lane::integer, seq) from `scan_from` on, without a sort
 * Which index a branch reads is said by how it names the columns, `lane` and `seq + 0` or `lane::integer` and `seq`:
 * neither fits the other index. Left to choose, the planner read 600,000 retained rows by the wrong one, 293 ms a round.
 *
 * The outer limit takes the lanes in turn, since a nested loop over a function scan yields its rows in order; a lane is
 * read only as far as the rows before it leave room. Payloads above 2 kB stay out of line until they are returned.
 */
const nextMessages = `
with instant as materialized (select pg_current_snapshot() as snapshot),
found as (
  select position.turn, message.*,
         octet_length(message.payload) + octet_length(message.key) + pg_column_size(message.headers) as size
    from instant
   cross join unnest($1::smallint[], $2::text[]::pg_snapshot[], $3::text[]::pg_snapshot[], $4::bigint[], $5::bigint[], $6::text[])
         with ordinality as position(lane, done, "window", pos, scan_from, xip, turn)
   cross join lateral (
     (select seq, id, topic, key, type, payload, headers, created_at from outbox.message
       where lane = position.lane and xid = any (position.xip::xid8[])
         and seq + 0 > position.pos and (position.scan_from is null or seq + 0 < position.scan_from)
         and pg_visible_in_snapshot(xid, coalesce(position."window", instant.snapshot))
       order by seq + 0 limit $7)
     union all
     (select seq, id, topic, key, type, payload, headers, created_at from outbox.message
       where lane = position.lane and xid >= pg_snapshot_xmax(position.done) and position.scan_from is null
         and seq + 0 > position.pos
         and pg_visible_in_snapshot(xid, coalesce(position."window", instant.snapshot))
       order by seq + 0 limit $7)
     union all
     (select seq, id, topic, key, type, payload, headers, created_at from outbox.message
       where lane::integer = position.lane::integer and seq >= greatest(position.scan_from, position.pos + 1) and position.scan_from is not null
         and not pg_visible_in_snapshot(xid, position.done)
         and pg_visible_in_snapshot(xid, position."window")
       order by seq limit $7)
     order by seq limit $7
   ) as message
   limit $7
)
select instant.snapshot::text as snapshot, batch.*
  from instant
  left join (
    select lane_of.lane, found.turn, found.seq, id, topic, key, type, payload, headers, created_at,
           count(*) over () as found, sum(size) over (order by found.turn, found.seq) - size as bytes_before
      from found join unnest($1::smallint[]) with ordinality as lane_of(lane, turn) using (turn)
  ) as batch on batch.bytes_before < $8
 order by batch.turn, batch.seq`;

interface Row {
  snapshot: string;
  lane: number;
  /** Null, as all that follows, in the single row of a read that found nothing. */
  seq: string | null;
  id: string;
  topic: string;
  key: string;
  type: string;
  payload: Buffer;
  headers: Record<string, string>;
  created_at: Date;
  found: string;
}

/** Reads the next messages behind `positions`, and tells how far that came. One statement, no transaction. */
export async function readMessages(
  client: ClientBase,
  positions: Positions,
  limits: BatchLimits,
): Promise<{ messages: RelayMessage[]; outcome: ReadOutcome }> {
  const { rows } = await client.query<Row>({
    name: 'outbox next messages',
    text: nextMessages,
    values: [...columnsOf(positions), limits.rows, limits.bytes],
  });
  const messages = rows.filter((row) => row.seq !== null).map(toMessage);
  const found = Number(rows[0]?.found ?? 0);
  return {
    messages,
    outcome: {
      snapshot: rows[0]?.snapshot ?? '',
      read: lanesRead(messages),
      truncated: found === limits.rows || found > messages.length,
    },
  };
}

function columnsOf(positions: Positions): unknown[] {
  const column = <Name extends keyof LanePosition>(name: Name) => positions.map((position) => position[name]);
  return [
    column('lane'),
    column('done'),
    column('window'),
    column('pos'),
    column('scanFrom'),
    positions.map(xipOf),
  ];
}

/** The transactions that were running when `done` was taken, as a PostgreSQL array: `xmin:xmax:10,12` gives `{10,12}`. */
const xipOf = ({ done }: LanePosition): string => `{${done.slice(done.lastIndexOf(':') + 1)}}`;

const toMessage = (row: Row): RelayMessage => ({
  lane: row.lane,
  seq: BigInt(row.seq ?? 0),
  id: row.id,
  topic: row.topic,
  key: row.key,
  type: row.type,
  payload: row.payload,
  headers: row.headers,
  createdAt: row.created_at,
});

function lanesRead(messages: RelayMessage[]): ReadOutcome['read'] {
  const read = new Map<number, { lastSeq: bigint; count: number }>();
  for (const { lane, seq } of messages)
    read.set(lane, { lastSeq: seq, count: (read.get(lane)?.count ?? 0) + 1 });
  return read;
}
