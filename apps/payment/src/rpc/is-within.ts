import { setTimeout as pause } from 'node:timers/promises';

/** Whether something has finished within `ms` milliseconds. */
export const isWithin = async (finished: Promise<unknown>, ms: number): Promise<boolean> => {
  const done = new AbortController();
  const late = pause(ms, false, { signal: done.signal }).catch(() => false);
  const isFinished = await Promise.race([finished.then(() => true), late]);
  done.abort();
  return isFinished;
};
