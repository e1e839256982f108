import { newestPositions } from './newest-positions.ts';

/** How many rows of a lane one branch below looks at. */
const looks = 2000;

/**
 * The committed messages that no relay has passed yet, for the `with` of a statement: `waiting (lane, seq, id, …)`. Of a
 * backlog these are some of its newest, not all: each branch looks at 2,000 rows of a lane, however long the log and the
 * backlog are. `looked_through (lane, more)` says where there was more to look at.
 *
 *   1, 2  what the newest window still holds behind `pos`: by sequence from `pos` on, and by its transactions. One of the
 *         two is short: the first where the window is all but done, the second where a late transaction had low numbers
 *   3     what was committed since, by transactions: also those that were running when the window was taken
 *
 * As in the relay's own read, a branch says by the names of its columns which index it means. The planner would rather
 * sort half of a large window than walk the index, 3 s instead of 0.2 s: `connectForStatus` turns sorts off.
 */
export const waitingMessages = `${newestPositions},
looked as (
  select position.lane, branch.*, count(*) over (partition by position.lane, branch.number) >= ${looks} as cut
    from position
   cross join lateral (
     (select 1 as number, seq, id, topic, key, type, created_at,
             pg_visible_in_snapshot(xid, position."window") and not pg_visible_in_snapshot(xid, position.done) as waits
        from outbox.message
       where lane::integer = position.lane::integer and seq > position.pos
       order by seq desc limit ${looks})
     union all
     (select 2, seq, id, topic, key, type, created_at, seq > position.pos and pg_visible_in_snapshot(xid, position."window")
        from outbox.message
       where lane = position.lane
         and xid >= pg_snapshot_xmax(position.done) and xid < pg_snapshot_xmax(position."window")
       order by xid desc, seq desc limit ${looks})
     union all
     (select 2, seq, id, topic, key, type, created_at, seq > position.pos and pg_visible_in_snapshot(xid, position."window")
        from outbox.message
       where lane = position.lane and xid = any (array(select pg_snapshot_xip(position.done)))
       order by xid desc, seq desc limit ${looks})
     union all
     (select 3, seq, id, topic, key, type, created_at, true from outbox.message
       where lane = position.lane and xid >= pg_snapshot_xmax(position."window")
       order by xid desc, seq desc limit ${looks})
     union all
     (select 3, seq, id, topic, key, type, created_at, true from outbox.message
       where lane = position.lane and xid = any (array(select pg_snapshot_xip(position."window")))
       order by xid desc, seq desc limit ${looks})
   ) as branch
),
looked_through as (
  select lane, bool_or(cut and number = 3) or bool_or(cut and number = 1) and bool_or(cut and number = 2) as more
    from looked group by lane
),
waiting as (
  select distinct on (seq) lane, seq, id, topic, key, type, created_at from looked where waits
)`;
