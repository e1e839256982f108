import { setTimeout as pause } from 'node:timers/promises';

/** Whether something finishes within `ms` milliseconds. It goes on if it does not. @throws what it throws by then */
export async function isWithin(finished: Promise<unknown>, ms: number): Promise<boolean> {
  const done = new AbortController();
  const late = pause(ms, false, { signal: done.signal }).catch(() => false);
  try {
    return await Promise.race([finished.then(() => true), late]);
  } finally {
    done.abort();
  }
}
