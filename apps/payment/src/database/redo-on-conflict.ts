import { setTimeout as pause } from 'node:timers/promises';
import { backoff } from '@payments/runtime';
import { databaseFault } from './database-fault.ts';
import { remainingMs } from './in-transaction.ts';
import type { TimeBound } from './in-transaction.ts';

/**
 * Does a unit of work again, from its reads on, when it lost against a concurrent one (unique violation, deadlock,
 * serialization failure): the winner has committed, so the next try sees what it did. Within the call's deadline; every
 * other error, and the last conflict, is thrown.
 * @param unitOfWork is given how many tries have failed before
 */
export const redoOnConflict = async <T>(
  context: TimeBound,
  unitOfWork: (failed: number) => Promise<T>,
): Promise<T> => {
  for (let failures = 1; ; failures += 1) {
    try {
      return await unitOfWork(failures - 1);
    } catch (error) {
      if (databaseFault(error) !== 'CONFLICT') throw error;
      const pauseMs = backoff(failures, { minMs: 2, maxMs: 100 });
      if (pauseMs >= remainingMs(context)) throw error;
      await pause(pauseMs, undefined, { signal: context.signal });
    }
  }
};
