import { newestPositions } from './newest-positions.ts';

/** How many rows of a lane each look below counts. */
const looks = 2000;

/** Counts the rows of one look, and those that wait among them. One row more than is counted tells that there are more. */
const look = (waits: string, where: string, order: string): string => `
     select count(*) filter (where waits) as waiting, min(created_at) filter (where waits) as oldest,
            min(seq) filter (where waits) as first, count(*) > ${looks} as cut
       from (select seq, created_at, ${waits} as waits from outbox.message where ${where}
              order by ${order} limit ${looks + 1}) as looked`;

const inWindow = 'seq > position.pos and pg_visible_in_snapshot(xid, position."window")';

/**
 * How many committed messages of each lane no relay has passed yet, for the `with` of a statement: `counted`, of which `cut`
 * says that a look came to its end first; `low` is a number below them all. They are
 *
 *   rest        what the newest window still holds behind `pos`, by sequence up to its ceiling. Where a late transaction had
 *               low numbers most of these are published: then the window's transactions are looked through instead, which
 *               are few (`ended`: since `done`, `late`: begun before)
 *   since       what was committed after the window, by transactions
 *   overtaken   the same of transactions that were running when the window was taken
 *
 * As in the relay's own read, a look says by the names of its columns which index it means, and `connectForStatus` turns sorts
 * off, so that it is walked: a look costs the same however long the log and the backlog are.
 */
export const countedWaiting = `${newestPositions},
counted as materialized (
  select position.*, greatest(rest.waiting, ended.waiting + late.waiting) + since.waiting + overtaken.waiting as waiting,
         least(rest.oldest, ended.oldest, late.oldest, since.oldest, overtaken.oldest) as oldest,
         coalesce(least(rest.first, ended.first, late.first, since.first, overtaken.first) - 1, pos) as low,
         rest.cut and (rest.waiting > ${looks} or ended.cut or late.cut) or since.cut or overtaken.cut as cut
    from position
   cross join lateral (${look(
     'pg_visible_in_snapshot(xid, position."window") and not pg_visible_in_snapshot(xid, position.done)',
     `lane::integer = position.lane::integer and seq > position.pos and seq <= coalesce(position.ceiling, ${Number.MAX_SAFE_INTEGER})`,
     'seq',
   )}) as rest
   cross join lateral (${look(
     inWindow,
     `rest.cut and rest.waiting <= ${looks} and lane = position.lane
                and xid >= pg_snapshot_xmax(position.done) and xid < pg_snapshot_xmax(position."window")`,
     'xid, seq',
   )}) as ended
   cross join lateral (${look(
     inWindow,
     `rest.cut and rest.waiting <= ${looks} and lane = position.lane and xid = any (array(select pg_snapshot_xip(position.done)))`,
     'xid, seq',
   )}) as late
   cross join lateral (${look(
     'true',
     'lane = position.lane and xid >= pg_snapshot_xmax(position."window")',
     'xid, seq',
   )}) as since
   cross join lateral (${look(
     'true',
     'lane = position.lane and xid = any (array(select pg_snapshot_xip(position."window")))',
     'xid, seq',
   )}) as overtaken
)`;
