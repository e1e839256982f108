import type { ClientBase } from 'pg';

/**
 * Copies the log into outbox.set_aside, and marks what has to be appended again: a message that the copied position of its lane
 * does not cover; or that may have been written here, after the copy; or that is younger than its lane's position. All three
 * on the safe side: a doubt repeats a message. Not what was parked: a copy of it is in outbox.parked.
 *
 * What was written here is told by the row's physical transaction, `xmin`, which a copy does not carry over. Of a native row
 * it is the transaction that the column `xid` names, or one of its savepoints, whose ids are higher; and all rows of one have
 * the same `xid`. The rows of a COPY have one `xmin` and many `xid`. So few copied rows look native: those of a COPY that
 * brought one single transaction, with an id that has been given out here too.
 *
 * `native` is for the order: the native messages of a key come behind the copied ones, also where the sequence was not copied
 * and their numbers are lower. Here the copy's end helps to tell them apart: what was physically written before the last row that
 * is surely copied (checkpoints of another cluster, migrations, messages with many `xid`) is copied, unless `xmin` is `xid`.
 *
 * Reads the log twice, in whole, under the exclusive lock of the adoption.
 */
const setAsideMessages = `
with clock as (
  select pg_snapshot_xmax(pg_current_snapshot()) as next
),
position as (
  select distinct on (lane) lane, done, "window", pos, published_at from outbox.checkpoint
   order by lane, (system_identifier <> $1::bigint) desc, number desc
),
-- \`back\`: how many ids ago, within the 32 bits that a row keeps.
writer as materialized (
  select xmin::text as name, xmin::text::bigint as id, min(xid) as xid,
         ((select next from clock)::text::numeric % 4294967296 - xmin::text::bigint)::bigint & 4294967295 as back,
         min(xid) = max(xid) and min(xid) < (select next from clock)
           and (xmin::text::bigint - (min(xid)::text::numeric % 4294967296)::bigint) & 4294967295 < 2147483648 as native
    from outbox.message group by xmin::text
),
copied as (
  select coalesce(min(back), 4294967296) as back from (
    select back from writer where not native
    union all
    select ((select next from clock)::text::numeric % 4294967296 - xmin::text::bigint)::bigint & 4294967295
      from outbox.checkpoint where system_identifier <> $1::bigint
    union all
    select ((select next from clock)::text::numeric % 4294967296 - xmin::text::bigint)::bigint & 4294967295
      from outbox.migration
     where applied_at < (select max(published_at) from outbox.checkpoint where system_identifier <> $1::bigint)
  ) as surely
)
insert into outbox.set_aside
select message.*,
       (position.lane is null
        or not (pg_visible_in_snapshot(message.xid, position.done)
                or pg_visible_in_snapshot(message.xid, position."window") and message.seq <= position.pos)
        or writer.native
        or message.created_at > position.published_at)
       and not exists (select from outbox.parked where parked.seq = message.seq and parked.id = message.id),
       writer.native and (writer.back < copied.back or writer.id = (writer.xid::text::numeric % 4294967296)::bigint)
  from outbox.message
  join writer on writer.name = message.xmin::text
 cross join copied
  left join position on position.lane = message.lane`;

/** Sets the whole log aside; the number of its rows. `systemIdentifier`: this cluster's. */
export async function setAside(client: ClientBase, systemIdentifier: string): Promise<number> {
  const { rowCount } = await client.query(setAsideMessages, [systemIdentifier]);
  return rowCount ?? 0;
}
