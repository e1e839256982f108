import type { CleanedBatch } from '@payments/runtime';
import { advisoryLockClass } from '../database/advisory-locks.ts';
import type { UnitOfWork } from '../database/in-transaction.ts';
import { longestCallMs } from '../call/call-context.ts';

/**
 * One instance deletes at a time. A row is locked before it is deleted, one that somebody holds is left for the next time,
 * and nobody waits for a row that is being deleted: a retry reads it as it was until the deletion commits, and gets the
 * first answer. From then on it is a new request, and by then its time was over.
 *
 * The age is told by the database's clock alone, which also wrote `stored_at`: that of the transaction's begin, so the
 * longest call is added. What the payment gateway is still asked about is kept: its answer is not the last one yet.
 *
 * Reads `request_by_stored_at` from its old end, and the batch's rows by their keys.
 */
const deletion = `with old as materialized (
  select caller, method, request_id from payment.request r
  where stored_at < now() - ? * interval '1 millisecond'
    and not exists (select from payment.gateway_task where task_id = any(r.made))
  order by stored_at limit ? for update skip locked
), deleted as (
  delete from payment.request r using old
  where (r.caller, r.method, r.request_id) = (old.caller, old.method, old.request_id)
  returning 1
)
select count(*)::int as deleted from deleted`;

/**
 * Deletes requests whose retention is over, `limit` at most, in the transaction of `em`.
 * @param options.retentionMs how long an answer is kept after it was given, in milliseconds
 */
export const deleteOldRequests = async (
  em: UnitOfWork,
  { retentionMs, limit }: { retentionMs: number; limit: number },
): Promise<CleanedBatch> => {
  const [turn] = await em.execute<{ mine: boolean }[]>('select pg_try_advisory_xact_lock(?, 0) as mine', [
    advisoryLockClass.cleaning,
  ]);
  if (!turn?.mine) return 'ANOTHER_IS_AT_IT';
  const [batch] = await em.execute<{ deleted: number }[]>(deletion, [retentionMs + longestCallMs, limit]);
  return { deleted: batch?.deleted ?? 0 };
};
