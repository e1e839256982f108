import type { ClientBase } from 'pg';
import { OutboxError } from '../errors.ts';
import { reachedNumber } from './mark.ts';
import { instantRow, messageOf, messageRow, readRows } from './message-rows.ts';
import { stride, type LanePosition, type Positions, type ReadOutcome } from './position.ts';

/** A committed message on its way to Kafka. */
export interface RelayMessage {
  lane: number;
  /** Its number in the log; for messages of one key the order of commits. */
  seq: bigint;
  id: string;
  topic: string;
  key: string;
  type: string;
  /** Cut off at `largestPayloadRead`: one of that length must be refused. */
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

/** So many late rows of a lane are read together and sorted. More are read in order, one transaction after the other. */
const fewLate = 1000;

/**
 * The next messages of all lanes: those not visible in `done`, visible in `window` (this statement's own snapshot where
 * a lane has no window yet), behind `pos`, in order of seq within a lane, lane after lane in the order given.
 *
 * Branches rather than one condition with OR, for which the planner filters the whole log:
 *   late   rows of transactions that were running when `done` was taken: by (lane, xid, seq). Only of those that are over in
 *          `window`: what an open transaction has written costs nothing, for however long it is open. All of them in one
 *          probe where they are few in the lane, which is an index search per partition (5 times fewer buffers than one per
 *          transaction, beside 60 writers that commit); where there are more than can be sorted for every batch, the next of
 *          each transaction in order of seq.
 *   new    rows of transactions since then: by (lane::integer, seq), which needs no sort. It begins above `floor` and `pos`
 *          and ends at the horizon (see `horizon`), so neither what is retained before the window nor what came after it
 *          is looked at, and the cost is bounded by the stride.
 *
 * Which index a branch reads is said by the rows it compares: (lane, xid, seq) and (lane::integer, seq) each fit one of the
 * two. Told in single columns the planner of PostgreSQL 18 skips through either: 200,000 rows of the wrong one for every
 * batch. An equality on the lane beside the comparison is as bad: the search then begins at the lane's first row. The
 * condition on xid of the new branch is wrapped in IS TRUE so that no index fits it.
 *
 * The outer limit takes the lanes in turn, since a nested loop over a function scan yields its rows in order; a lane is
 * read only as far as the rows before it leave room. Payloads above 2 kB stay out of line until they are returned.
 */
const nextMessages = `
with instant as materialized (
  select pg_current_snapshot() as snapshot, ${reachedNumber} as reached from outbox.message_seq
),
found as (
  select bounds.lane, bounds.turn, message.*,
         octet_length(message.payload) + octet_length(message.key) + pg_column_size(message.headers) as size
    from (
      select position.lane, position.turn, position.done, position.pos, at."window",
             array(select id from unnest(position.xip::xid8[]) as id where pg_visible_in_snapshot(id, at."window")) as finished,
             greatest(position.pos, position.floor) as low,
             least(coalesce(position.ceiling, instant.reached), greatest(position.pos, position.floor) + $10) as high
        from instant
       cross join unnest($1::smallint[], $2::text[]::pg_snapshot[], $3::text[]::pg_snapshot[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[])
             with ordinality as position(lane, done, "window", pos, floor, ceiling, xip, turn)
       cross join lateral (select coalesce(position."window", instant.snapshot) as "window") as at
      offset 0
    ) as bounds
   cross join lateral (
     with late as materialized (
       select xid, seq, id, topic, key, type, payload, headers, created_at from outbox.message
        where lane = bounds.lane and xid = any (bounds.finished) limit $11 + 1
     )
     (select seq, id, topic, key, type, payload, headers, created_at from late
       where seq > bounds.pos and seq <= bounds.high and (select count(*) from late) <= $11
       order by seq limit $8)
     union all
     (select one.*
        from unnest(bounds.finished) as transaction(id)
       cross join lateral (
         select seq, message.id, topic, key, type, payload, headers, created_at from outbox.message
          where (lane, xid, seq) > (bounds.lane, transaction.id, bounds.pos)
            and (lane, xid, seq) <= (bounds.lane, transaction.id, bounds.high)
          order by lane, xid, seq limit $8) as one
       where (select count(*) from late) > $11
       order by seq limit $8)
     union all
     (select seq, id, topic, key, type, payload, headers, created_at from outbox.message
       where (lane::integer, seq) > (bounds.lane::integer, bounds.low)
         and (lane::integer, seq) <= (bounds.lane::integer, bounds.high)
         and (xid >= pg_snapshot_xmax(bounds.done)) is true and pg_visible_in_snapshot(xid, bounds."window")
       order by lane::integer, seq limit $8)
     order by seq limit $8
   ) as message
   limit $8
)
select ${instantRow}, null::float8 as bytes from instant
union all
select ${messageRow}, bytes
  from (select *, sum(size) over (rows between unbounded preceding and current row)::float8 as bytes from found) as batch
 where bytes - size < $9`;

/** What the session adds to the positions: the bounds of a batch, and its latest mark (see `takeMark`). */
export interface ReadOptions {
  limits: BatchLimits;
  mark: bigint;
}

/** Reads the next messages behind `positions`, and tells how far that came. One statement, no transaction. */
export async function readMessages(
  client: ClientBase,
  positions: Positions,
  { limits, mark }: ReadOptions,
): Promise<{ messages: RelayMessage[]; outcome: ReadOutcome }> {
  const { snapshot, reached, rows } = await readRows(client, {
    name: 'outbox next messages',
    text: nextMessages,
    values: [...columnsOf(positions), limits.rows, limits.bytes, stride, fewLate],
  });
  const messages = rows.map(messageOf);
  const bytes = rows.at(-1)?.[9] ?? 0;
  return {
    messages,
    outcome: {
      ...{ snapshot, mark, reached },
      read: readInTurn(messages, positions),
      truncated: messages.length === limits.rows || bytes >= limits.bytes,
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
    column('floor'),
    column('ceiling'),
    positions.map(xipOf),
  ];
}

/** The transactions that were running when `done` was taken, as a PostgreSQL array: `xmin:xmax:10,12` gives `{10,12}`. */
const xipOf = ({ done }: LanePosition): string => `{${done.slice(done.lastIndexOf(':') + 1)}}`;

/** The last seq in each lane, and the number of messages. */
export function lastRead(messages: readonly RelayMessage[]): ReadOutcome['read'] {
  const read = new Map<number, { lastSeq: bigint; count: number }>();
  for (const { lane, seq } of messages) {
    const last = read.get(lane);
    if (last && seq <= last.lastSeq) throw outOfOrder(lane);
    read.set(lane, { lastSeq: seq, count: (last?.count ?? 0) + 1 });
  }
  return read;
}

/**
 * The same of a read that went lane after lane. What was cut off is so at the end of the last lane: with the lanes in another
 * order messages would be passed over, and the plan is not told to sort, so this is checked.
 */
function readInTurn(messages: readonly RelayMessage[], positions: Positions): ReadOutcome['read'] {
  const turns = positions.map(({ lane }) => lane);
  let turn = 0;
  for (const { lane } of messages) {
    while (turn < turns.length && turns[turn] !== lane) turn++;
    if (turn === turns.length) throw outOfOrder(lane);
  }
  return lastRead(messages);
}

const outOfOrder = (lane: number) =>
  new OutboxError(
    'LOG_INCONSISTENT',
    `PostgreSQL returned the messages of lane ${lane} in another order than asked for.`,
  );
