import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from './create-log.ts';

/** What a batch came to. */
export type CleanedBatch = 'ANOTHER_IS_AT_IT' | { deleted: number };

/** What cleaning needs. Times in milliseconds. */
export type CleaningOptions = {
  /** What is deleted, in the plural, as the log names it. */
  name: string;
  /** Deletes `limit` rows at most whose time is over. Bounds itself in time, and keeps others from being at it as well. */
  deleteBatch: (limit: number) => Promise<CleanedBatch>;
  stop: AbortSignal;
  log: Pick<Log, 'info' | 'warn'>;
  /** From one round to the next; five minutes when not given. */
  everyMs?: number | undefined;
  /** The most rows of one batch; 1,000 when not given. */
  batchSize?: number | undefined;
};

/**
 * One round: deletes batch after batch until one is not full, or another instance is at it, or `stop`. After each full one
 * it rests for as long as that took: old rows are in no hurry, and others want the database, too.
 * @returns how many rows were deleted
 */
export async function cleanOnce({
  deleteBatch,
  batchSize = 1_000,
  stop,
}: Pick<CleaningOptions, 'deleteBatch' | 'batchSize' | 'stop'>): Promise<number> {
  let total = 0;
  while (!stop.aborted) {
    const begun = performance.now();
    const batch = await deleteBatch(batchSize);
    if (batch === 'ANOTHER_IS_AT_IT') return total;
    total += batch.deleted;
    if (batch.deleted < batchSize) return total;
    await rest(performance.now() - begun, stop);
  }
  return total;
}

/**
 * Deletes what is over, a round every `everyMs`, until `stop`; then resolves after the batch at hand. A round that fails is
 * logged, and the next one takes up what it left. It alone keeps no process alive.
 */
export async function cleanRegularly(options: CleaningOptions): Promise<void> {
  const { name, stop, log, everyMs = 300_000 } = options;
  while (!stop.aborted) {
    try {
      const deleted = await cleanOnce(options);
      if (deleted > 0) log.info({ deleted }, `deleted ${name} whose retention is over`);
    } catch (error) {
      log.warn({ err: error }, `old ${name} were not deleted; the next round tries again`);
    }
    await rest(everyMs, stop);
  }
}

const rest = (ms: number, signal: AbortSignal): Promise<void> =>
  pause(ms, undefined, { signal, ref: false }).catch(() => undefined);
