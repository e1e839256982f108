import type { Observable, Unsubscribable } from 'rxjs';

/** Remembers hints that arrive while nobody waits for one. */
export type HintLatch = Unsubscribable & {
  /** A run of rounds begins, and takes its window after this: hints so far are answered by it. */
  beginRun(): void;
  /**
   * The run failed. The next one begins with batches that were read in this one, so a hint that came since is not
   * answered by them, and is kept over its beginning.
   */
  failRun(): void;
  /** Whether a hint came that no window is known to cover. */
  waiting(): boolean;
};

/** Listens to hints until it is unsubscribed. */
export function latchHints(hint$: Observable<unknown>): HintLatch {
  let hinted = false;
  let keep = false;
  const subscription = hint$.subscribe({ next: () => (hinted = true), error: () => (hinted = true) });
  return {
    beginRun: () => {
      hinted &&= keep;
      keep = false;
    },
    failRun: () => {
      keep = true;
    },
    waiting: () => hinted,
    unsubscribe: () => subscription.unsubscribe(),
  };
}
