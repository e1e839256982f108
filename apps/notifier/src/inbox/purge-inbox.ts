import { cleanRegularly } from '@payments/runtime';
import type { CleanedBatch, CleaningOptions } from '@payments/runtime';
import { advisoryLockClass } from './advisory-locks.ts';
import type { Pool } from './open-pool.ts';

/** What the purge needs. Times in milliseconds. */
export type PurgeOptions = Pick<CleaningOptions, 'stop' | 'log' | 'everyMs' | 'batchSize'> & {
  pool: Pick<Pool, 'query'>;
  /** How long what was told, or refused, is remembered: longer than the outbox and the topic together may bring it again. */
  retentionMs: number;
};

/** Deletes the rows of the inbox whose retention is over, until `stop`. A batch is given up as every statement is, after 10 s. */
export const purgeInbox = ({ pool, retentionMs, ...options }: PurgeOptions): Promise<void> =>
  cleanRegularly({
    ...options,
    name: 'rows of the inbox',
    deleteBatch: (limit) => purgeBatch(pool, { retentionMs, limit }),
  });

/** Deletes `limit` of them at most, the oldest first. One notifier is at it at a time. */
export async function purgeBatch(
  pool: Pick<Pool, 'query'>,
  { retentionMs, limit }: { retentionMs: number; limit: number },
): Promise<CleanedBatch> {
  const { rows } = await pool.query<{ mine: boolean; deleted: number }>(purgeSql, [
    advisoryLockClass.purge,
    retentionMs,
    limit,
  ]);
  const [batch] = rows;
  return batch?.mine ? { deleted: batch.deleted } : 'ANOTHER_IS_AT_IT';
}

/**
 * The advisory lock lasts to the end of the statement. Nobody is waited for: a row that somebody holds is left for the
 * next time. Who claims a row that is being deleted waits for the end of a statement of milliseconds, and then claims it anew.
 *
 * What is claimed is kept, however old: its message was not told yet. So is what was told late, after a long trouble of
 * Slack, until its retention since then is over. Reads `inbox_by_claimed_at` from its old end, and the batch's rows where
 * they lie: they are locked, and stay there. (By their keys, the planner had 30,000 rows read from end to end.)
 */
export const purgeSql = `
  with turn as materialized (select pg_try_advisory_xact_lock($1, 0) as mine),
  old as materialized (
    select ctid from notifier.inbox
    where claimed_at < now() - $2 * interval '1 millisecond' and state <> 'CLAIMED'
      and coalesce(told_at, claimed_at) < now() - $2 * interval '1 millisecond'
      and (select mine from turn)
    order by claimed_at limit $3 for update skip locked
  ), deleted as (
    delete from notifier.inbox where ctid = any (array(select ctid from old)) returning 1
  )
  select mine, (select count(*)::int from deleted) as deleted from turn`;
