import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '@payments/runtime';
import type { Database } from '../database/open-database.ts';
import { deleteOldRequests } from './delete-old-requests.ts';

/** What the cleaning needs. Times are in milliseconds. */
export type CleanRequestsOptions = {
  database: Pick<Database, 'em'>;
  /** How long the answers to requests with an id are kept. */
  retentionMs: number;
  stop: AbortSignal;
  log: Pick<Log, 'info' | 'warn'>;
  /** From one round to the next; five minutes when not given. */
  everyMs?: number;
  /** The most rows of one transaction; 1,000 when not given. */
  batchSize?: number;
};

/** The longest a batch may take. It is a matter of milliseconds; nobody waits for it. */
const batchMs = 10_000;

const deleteBatch = ({ database, retentionMs, batchSize = 1_000 }: CleanRequestsOptions) =>
  database.em.fork().transactional(async (em) => {
    await em.execute(`select set_config('transaction_timeout', ?, true)`, [String(batchMs)]);
    return deleteOldRequests(em, { retentionMs, limit: batchSize });
  });

/**
 * One round: deletes batch after batch until none is full, or another instance is at it.
 * @returns how many rows were deleted
 */
export const cleanRequestsOnce = async (options: CleanRequestsOptions): Promise<number> => {
  const { batchSize = 1_000, stop } = options;
  let total = 0;
  while (!stop.aborted) {
    const batch = await deleteBatch(options);
    if (batch === 'ANOTHER_IS_AT_IT') return total;
    total += batch.deleted;
    if (batch.deleted < batchSize) return total;
  }
  return total;
};

/**
 * Deletes the answers to requests whose retention is over, a round every `everyMs`, until `stop`; then resolves after the
 * batch at hand. A round that fails is logged, and the next one takes up what it left.
 */
export const cleanRequests = async (options: CleanRequestsOptions): Promise<void> => {
  const { stop, log, everyMs = 300_000 } = options;
  while (!stop.aborted) {
    try {
      const deleted = await cleanRequestsOnce(options);
      if (deleted > 0) log.info({ deleted }, 'deleted requests whose retention is over');
    } catch (error) {
      log.warn({ err: error }, 'old requests were not deleted; the next round tries again');
    }
    await pause(everyMs, undefined, { signal: stop }).catch(() => undefined);
  }
};
