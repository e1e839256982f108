import type { ClientBase } from 'pg';
import type { LanePosition } from './position.ts';

/** Above this many late rows it is cheaper to scan the log past them than to sort them for every batch. */
const manyLateRows = 10_000;

/**
 * The lowest seq of what a window still holds, for a lane whose window turned out larger than one batch. It is the
 * minimum over the window's own rows: not the sequence's value at the time of `done`, for a transaction that was running
 * then may already own lower numbers. A few late rows are left to the late branch, since theirs may be very low.
 * Index-only but for pages not yet all-visible; once per window.
 */
const scanStart = `
select (select min(seq) from outbox.message
         where lane = $1 and xid >= pg_snapshot_xmax($2::text::pg_snapshot) and seq + 0 > $4
           and pg_visible_in_snapshot(xid, $3::text::pg_snapshot)) as new_from,
       late.*
  from (select min(seq) as late_from, count(*) as late_rows from outbox.message
         where lane = $1 and xid = any (array(select pg_snapshot_xip($2::text::pg_snapshot))) and seq + 0 > $4
           and pg_visible_in_snapshot(xid, $3::text::pg_snapshot)) as late`;

/** Where to scan the rest of the window from; null when nothing is left in it. */
export async function findScanStart(client: ClientBase, position: LanePosition): Promise<bigint | null> {
  const { rows } = await client.query<{
    new_from: string | null;
    late_from: string | null;
    late_rows: string;
  }>({
    name: 'outbox scan start',
    text: scanStart,
    values: [position.lane, position.done, position.window, position.pos],
  });
  const newFrom = rows[0]?.new_from ?? null;
  const lateFrom = rows[0]?.late_from ?? null;
  if (newFrom === null || lateFrom === null) return asBigInt(newFrom ?? lateFrom);
  const lateAreMany = Number(rows[0]?.late_rows) > manyLateRows;
  return lateAreMany && BigInt(lateFrom) < BigInt(newFrom) ? BigInt(lateFrom) : BigInt(newFrom);
}

const asBigInt = (text: string | null): bigint | null => (text === null ? null : BigInt(text));
