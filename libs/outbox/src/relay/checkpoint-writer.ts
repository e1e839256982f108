import type { Checkpoint } from './position.ts';

/** Writes checkpoints in the order in which they come, those of small batches that come soon after each other together. */
export interface CheckpointWriter {
  /**
   * Resolves once they are written: at once with `atOnce`, or where none was for `everyMs`; else as soon as it is so long ago.
   * @throws what `write` throws, as all do who wait for the same writing
   */
  write: (checkpoints: readonly Checkpoint[], how: { atOnce: boolean }) => Promise<void>;
  /** Writes what waits, now. Resolves once all is written, also what was being written. @throws as `write` does */
  flush: () => Promise<void>;
  /** Whether a checkpoint of the lane waits to be written, or is being written. */
  waits: (lane: number) => boolean;
}

/** Checkpoints that will be written together. */
interface Waiting {
  checkpoints: Checkpoint[];
  written: PromiseWithResolvers<void>;
  timer?: NodeJS.Timeout;
}

/**
 * Has all of them written, also where a later one of the same lane goes farther: the messages of a window of which no checkpoint was
 * written have no time of publication. With 500 messages a second, each a batch of its own, and 10 ms, the relay's processor time is 0.91 of
 * that with a statement for each (0.87 to 1.07 in four rounds).
 * @param options.write begins writing when it is called, in the order of its calls
 * @param options.everyMs milliseconds between two writings
 */
export function checkpointWriter(options: {
  write: (checkpoints: Checkpoint[]) => Promise<void>;
  everyMs: number;
}): CheckpointWriter {
  const { write, everyMs } = options;
  let waiting: Waiting | undefined;
  /** What waits or is being written, and the end of its writing. */
  const unwritten = new Map<Promise<void>, readonly Checkpoint[]>();
  let begunAt = -Infinity;

  function begin(): Waiting {
    const begun: Waiting = { checkpoints: [], written: Promise.withResolvers() };
    unwritten.set(begun.written.promise, begun.checkpoints);
    return begun;
  }

  function writeWaiting(): void {
    if (!waiting) return;
    const { timer, written, checkpoints } = waiting;
    const settled = () => unwritten.delete(written.promise);
    clearTimeout(timer);
    waiting = undefined;
    begunAt = performance.now();
    written.resolve(write(checkpoints).finally(settled));
  }

  async function flush(): Promise<void> {
    writeWaiting();
    await Promise.all(unwritten.keys());
  }

  return {
    async write(checkpoints, { atOnce }) {
      waiting ??= begin();
      waiting.checkpoints.push(...checkpoints);
      const restMs = begunAt + everyMs - performance.now();
      const { promise } = waiting.written;
      if (atOnce || restMs <= 0) writeWaiting();
      else waiting.timer ??= setTimeout(writeWaiting, restMs);
      return promise;
    },
    flush,
    waits: (lane) =>
      [...unwritten.values()].some((checkpoints) =>
        checkpoints.some((checkpoint) => checkpoint.lane === lane),
      ),
  };
}
