import { cleanOnce, cleanRegularly } from '@payments/runtime';
import type { CleaningOptions } from '@payments/runtime';
import type { Database } from '../database/open-database.ts';
import { deleteOldRequests } from './delete-old-requests.ts';

/** What the cleaning needs. Times are in milliseconds. */
export type CleanRequestsOptions = Omit<CleaningOptions, 'name' | 'deleteBatch'> & {
  database: Pick<Database, 'em'>;
  /** How long the answers to requests with an id are kept. */
  retentionMs: number;
};

/** The longest a batch may take. It is a matter of milliseconds; nobody waits for it. */
const batchMs = 10_000;

const cleaning = ({ database, retentionMs, ...options }: CleanRequestsOptions): CleaningOptions => ({
  ...options,
  name: 'requests',
  deleteBatch: (limit) =>
    database.em.fork().transactional(async (em) => {
      await em.execute(`select set_config('transaction_timeout', ?, true)`, [String(batchMs)]);
      return deleteOldRequests(em, { retentionMs, limit });
    }),
});

/** One round of it. @returns how many rows were deleted */
export const cleanRequestsOnce = (options: CleanRequestsOptions): Promise<number> =>
  cleanOnce(cleaning(options));

/** Deletes the answers to requests whose retention is over, until `stop`. */
export const cleanRequests = (options: CleanRequestsOptions): Promise<void> =>
  cleanRegularly(cleaning(options));
