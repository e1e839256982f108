import type { Assignment, OffsetToCommit } from './assignment.ts';

/** Commits what was acked, one request at a time. */
export type OffsetCommitter = {
  /** Something was acked: commit it now, or together with what comes until the interval is over. */
  touch(): void;
  /** Commits what is acked by now. It never rejects: what is not committed is delivered again. */
  flush(): Promise<void>;
  stop(): void;
};

/**
 * Commits at once after a pause, and at most every `intervalMs` under load, so that a consumer of many messages does not
 * write an offset for each. A commit that failed is tried again after the interval.
 */
export function openCommitter(options: {
  assignment: () => Assignment;
  commit: (offsets: readonly OffsetToCommit[]) => Promise<void>;
  intervalMs: number;
  onError: (error: unknown) => void;
}): OffsetCommitter {
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let touched = false;
  let stopped = false;

  async function commitAcked(): Promise<void> {
    const assignment = options.assignment();
    const offsets = assignment.committable();
    if (offsets.length === 0) return;
    try {
      await options.commit(offsets);
      assignment.committed(offsets);
    } catch (error) {
      touched = true;
      options.onError(error);
    }
  }

  const rest = () => {
    running = undefined;
    if (stopped) return;
    timer = setTimeout(() => {
      timer = undefined;
      if (touched) start();
    }, options.intervalMs);
  };
  const start = () => {
    touched = false;
    running = commitAcked().finally(rest);
  };

  return {
    touch: () => {
      if (stopped) return;
      if (running || timer) touched = true;
      else start();
    },
    flush: async () => {
      await running;
      await commitAcked();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
