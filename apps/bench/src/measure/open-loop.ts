import { setTimeout as pause } from 'node:timers/promises';
import { percentile } from '../report/figures.ts';

/** Writes one message, and returns when it counts as written: `performance.now()` in milliseconds. */
export type Write = (number: number) => Promise<number>;

/** What was written, and how well the times were kept. */
export interface Written {
  /** When each message counted as written, in the order of their numbers. */
  at: Float64Array;
  /** How long after its time a message was begun, in milliseconds: what 99 % of them do not exceed. */
  lagMs: number;
}

/**
 * Writes messages at a steady pace that does not wait for those before: each has its time, `perSecond` of them. Each writer of
 * `writers` has one under way at a time; a message that finds none free begins late, and that is told.
 * @throws Error the first failure of a writer, once all are back
 */
export async function openLoop(options: {
  writers: readonly Write[];
  from: number;
  count: number;
  perSecond: number;
  stop: AbortSignal;
}): Promise<Written> {
  const { writers, from, count, perSecond, stop } = options;
  const at = new Float64Array(count);
  const lags = new Float64Array(count);
  const free = [...writers];
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const begin = performance.now();
  const dueOf = (index: number) => begin + (index * 1000) / perSecond;

  const start = (write: Write, index: number) => {
    lags[index] = performance.now() - dueOf(index);
    const writing = write(from + index)
      .then((time) => void (at[index] = time))
      .catch((error: unknown) => void failures.push(error))
      .finally(() => {
        free.push(write);
        underWay.delete(writing);
      });
    underWay.add(writing);
  };

  for (let next = 0; next < count && failures.length === 0;) {
    stop.throwIfAborted();
    const write = performance.now() >= dueOf(next) ? free.pop() : undefined;
    if (write) start(write, next++);
    else await pause(1);
  }
  await Promise.all(underWay);
  if (failures.length > 0) throw failures[0];
  return { at, lagMs: percentile(lags, 99) };
}
