import type { ClientBase } from 'pg';

/** A transaction that has written and not ended. */
export interface OpenTransaction {
  /** The process of PostgreSQL that runs it; null for a prepared one, which nobody runs. */
  pid: number | null;
  /** The global id of a prepared transaction, by which it is committed or rolled back. */
  prepared: string | null;
  database: string;
  user: string;
  application: string;
  /** How long it has been open, in milliseconds; null where this role may not see it. */
  ageMs: number | null;
  /** Such as `idle in transaction`; null where this role may not see it. */
  state: string | null;
  /** The beginning of its last statement; null where this role may not see it (pg_read_all_stats lets it). */
  query: string | null;
  /**
   * It has written to the log here: its messages wait for its end, as do all who append to one of its keys. Of another one
   * nothing waits but the emptying of slots.
   */
  appended: boolean;
}

/** How many are told, and how much of a statement. */
const most = 5;

/**
 * The transactions with an id, those that the newest snapshot names as running, for the `with` of a statement: `open`. A transaction that has
 * appended holds ROW EXCLUSIVE on the log until it ends, prepared or not; it is the only trace that others can see.
 * The locks of a prepared one belong to no process: they are found by the lock on its own id, beside them.
 * Reads the lock table and the list of sessions, both in shared memory.
 */
const openTransactions = `
lock as materialized (select * from pg_locks where granted),
appender as (
  select lock.pid, own.transactionid as prepared
    from lock
    left join lock as own on lock.pid is null and own.pid is null and own.locktype = 'transactionid'
                         and own.virtualtransaction = lock.virtualtransaction
   where lock.locktype = 'relation' and lock.relation = 'outbox.message'::regclass and lock.mode = 'RowExclusiveLock'
     and lock.database = (select oid from pg_database where datname = current_database())
),
open as (
  select pid, null::text as prepared, datname as database, usename as "user", application_name as application,
         extract(epoch from clock_timestamp() - xact_start) * 1000 as age, state,
         case when state is not null then regexp_replace(left(query, 1000), '\\s+', ' ', 'g') end as query,
         exists (select from appender where appender.pid = activity.pid) as appended, age(backend_xid) as xids
    from pg_stat_activity as activity
   where backend_xid is not null and pid <> pg_backend_pid()
  union all
  select null, gid, database, owner, '', extract(epoch from clock_timestamp() - prepared) * 1000, 'prepared', null,
         exists (select from appender where appender.prepared = transaction), age(transaction)
    from pg_prepared_xacts
)`;

const foremost = `
with ${openTransactions}
select pid, prepared, database, "user", application, age::float8 as "ageMs", state,
       left(query, 200) as query, appended
  from open order by appended desc, xids desc limit ${most}`;

/** The oldest transactions that hold messages back, then the oldest others; at most five. */
export async function readOpenTransactions(client: ClientBase): Promise<OpenTransaction[]> {
  const { rows } = await client.query<OpenTransaction>(foremost);
  return rows;
}

/** How long the oldest open transactions have been open. Null: there is one, and this role may not see its age. */
export interface OldestTransaction {
  /** Of those that have appended to this outbox, whose messages wait for their end; 0 where there is none. */
  appendedSeconds: number | null;
  /** Of those that have written elsewhere, in any database of the server; 0 where there is none. */
  otherSeconds: number | null;
}

/** Without any there are no rows of a class, and 0; an age that is hidden is null. */
const oldest = `
with ${openTransactions}
select case when bool_or(appended) then max(age) filter (where appended) / 1000 else 0 end::float8 as "appendedSeconds",
       case when bool_or(not appended) then max(age) filter (where not appended) / 1000 else 0 end::float8 as "otherSeconds"
  from open`;

/** How old the oldest open transactions are. */
export async function readOldestTransaction(client: ClientBase): Promise<OldestTransaction> {
  const { rows } = await client.query<OldestTransaction>(oldest);
  return rows[0] as OldestTransaction;
}
