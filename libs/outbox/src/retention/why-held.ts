import { advisoryLockClass } from '../advisory-locks.ts';
import type { Ring, SlotOutcome } from './empty-old-slots.ts';
import type { Statements } from './statements.ts';

/** Whom to ask about: a slot, and what came of the attempt to empty it. */
interface Held {
  ring: Ring;
  slot: number;
  outcome: SlotOutcome;
  lane: number | null;
}

/** Why a slot that is old was not emptied, in words for a log line; null where it was, or where nothing is wrong. */
export async function whyHeld(statements: Statements, held: Held): Promise<string | null> {
  switch (held.outcome) {
    case 'young':
    case 'empty':
    case 'emptied':
      return null;
    case 'elsewhere':
      return `${await emptier(statements)} is at it`;
    case 'unpublished':
      return `lane ${held.lane} has messages in it that are not published`;
    case 'unsettled':
      return `its last messages are published, but transactions from before them were open at the last checkpoint of lane ${held.lane}; the oldest now: ${await oldestWriter(statements)}`;
    case 'busy':
      return `held by ${await holder(statements, held)}`;
    default:
      return held.outcome satisfies never;
  }
}

interface Transaction {
  pid: number | null;
  /** Seconds since it began; null where this role may not see that, and of a prepared transaction. */
  age: number | null;
}

/** Who holds a lock on the partition, oldest first. Reads the lock table, and locks nothing. */
async function holder(statements: Statements, { ring, slot }: Held): Promise<string> {
  const { rows } = await statements.query(`
select held.pid, extract(epoch from clock_timestamp() - activity.xact_start)::float8 as age
  from pg_locks as held
  join pg_database as database on database.oid = held.database and database.datname = current_database()
  left join pg_stat_activity as activity on activity.pid = held.pid
 where held.locktype = 'relation' and held.granted and held.relation = to_regclass('outbox.${ring}_${slot}')
   and held.pid is distinct from pg_backend_pid()
 order by activity.xact_start nulls last limit 1`);
  return rows[0] ? nameOf(rows[0] as Transaction) : 'a statement that has ended since';
}

/** Who holds the lock of the emptying. */
async function emptier(statements: Statements): Promise<string> {
  const { rows } = await statements.query(`
select held.pid, extract(epoch from clock_timestamp() - activity.xact_start)::float8 as age
  from pg_locks as held
  join pg_database as database on database.oid = held.database and database.datname = current_database()
  left join pg_stat_activity as activity on activity.pid = held.pid
 where held.locktype = 'advisory' and held.granted and held.objsubid = 2 and held.objid = 0
   and held.classid = ${advisoryLockClass.retention}`);
  return rows[0] ? nameOf(rows[0] as Transaction) : 'another relay';
}

/** The transaction with the oldest id of the whole server; ids are given to those that write. */
async function oldestWriter(statements: Statements): Promise<string> {
  const { rows } = await statements.query(`
select pid, age from (
  select pid, extract(epoch from clock_timestamp() - xact_start)::float8 as age, age(backend_xid) as behind
    from pg_stat_activity where backend_xid is not null
  union all
  select null, extract(epoch from clock_timestamp() - prepared)::float8, age(transaction) from pg_prepared_xacts
) as writer order by behind desc limit 1`);
  return rows[0] ? nameOf(rows[0] as Transaction) : 'none, they have ended since';
}

function nameOf({ pid, age }: Transaction): string {
  const who = pid === null ? 'a prepared transaction' : `the open transaction of process ${pid}`;
  return age === null ? who : `${who}, begun ${duration(age)} ago`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
