import { setTimeout as pause } from 'node:timers/promises';

import { StackError } from '../stack-error.ts';

/** How long, in milliseconds, the sample order may take to reach a station. */
const limitMs = 20_000;

/**
 * Looks at an outside system until there is something to see.
 * @param look returns undefined while there is nothing; what it throws is told when time is up
 * @throws StackError when nothing was seen in time
 */
export async function untilSeen<T>(
  what: string,
  stop: AbortSignal,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  let last = '';
  while (performance.now() < deadline) {
    stop.throwIfAborted();
    try {
      const seen = await look();
      if (seen !== undefined) return seen;
    } catch (error) {
      last = ` (${String(error)})`;
    }
    await pause(100, undefined, { signal: stop });
  }
  throw new StackError(`${what} was not seen within ${limitMs / 1000} s${last}`);
}

/** Waits for a promise as long as for a station. @throws StackError when it takes longer */
export async function inTime<T>(what: string, stop: AbortSignal, seen: Promise<T>): Promise<T> {
  const limit = AbortSignal.any([stop, AbortSignal.timeout(limitMs)]);
  const timeUp = new Promise<never>((_, reject) => {
    limit.addEventListener('abort', () => reject(limit.reason as Error), { once: true });
  });
  try {
    return await Promise.race([seen, timeUp]);
  } catch (error) {
    if (stop.aborted || (error as Error).name !== 'TimeoutError') throw error;
    throw new StackError(`${what} was not seen within ${limitMs / 1000} s`, { cause: error });
  }
}
