import { setTimeout as pause } from 'node:timers/promises';

/** One lane to Slack: one at a time, first come first served, not faster than the interval. */
export type Pace = {
  /**
   * Runs `work` when its turn has come and returns what it returned. Rejects with the reason of `stop` when that is
   * aborted before the turn; `work` itself is never cut off.
   */
  turn<T>(work: () => Promise<T>, stop: AbortSignal): Promise<T>;
  /** Lets nobody have a turn within the next `ms` milliseconds. */
  hold(ms: number): void;
};

/** A longer timer of Node fires after 1 ms: a `Retry-After` of a month would keep a core busy until then. */
const longestTimerMs = 2 ** 31 - 1;

/** `intervalMs`: the least time from the beginning of one turn to the beginning of the next. */
export function openPace({ intervalMs }: { intervalMs: number }): Pace {
  let lane = Promise.resolve();
  let opensAt = 0;

  async function open(stop: AbortSignal) {
    stop.throwIfAborted();
    for (let ms = opensAt - performance.now(); ms > 0; ms = opensAt - performance.now())
      await pause(Math.min(ms, longestTimerMs), undefined, { signal: stop });
  }

  return {
    async turn(work, stop) {
      const before = lane;
      const { promise, resolve: leave } = Promise.withResolvers<void>();
      lane = promise;
      try {
        await before;
        await open(stop);
        opensAt = performance.now() + intervalMs;
        return await work();
      } finally {
        leave();
      }
    },
    hold(ms) {
      opensAt = Math.max(opensAt, performance.now() + ms);
    },
  };
}
