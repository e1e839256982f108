import { EMPTY, defer, expand, finalize, of, race, repeat, retry, takeUntil, tap, timer } from 'rxjs';
import type { Observable, ObservableInput } from 'rxjs';

import { latchHints } from './latch-hints.ts';
import { whenAborted } from './when-aborted.ts';

/** What the loop needs. */
export type RelayOptions<R extends { full: boolean }> = {
  /** Publishes one batch. */
  round: () => ObservableInput<R>;
  /** Hints that something was committed; may be lost or superfluous. */
  wake$: Observable<unknown>;
  /** How long, in milliseconds, to wait for a hint before looking anyway. */
  pollMs: number;
  /** The pause after a failed round; `failures` counts those since the last success. It may end the loop by an error. */
  pauseAfter: (error: unknown, failures: number) => Observable<unknown>;
  /** Ends the pauses, never a round. */
  stop: AbortSignal;
};

/**
 * Publishes, one round after the other: without a pause while batches come back full; else after the poll interval, or at
 * once on a hint; after a failure with a growing pause. Completes on `stop`.
 */
export function relay$<R extends { full: boolean }>(options: RelayOptions<R>): Observable<R> {
  const { round, wake$, pollMs, pauseAfter, stop } = options;
  const publish$ = defer(round);
  const stopped$ = whenAborted(stop);
  return defer(() => {
    const hints = latchHints(wake$);
    const wait$ = defer(() => (hints.waiting() ? of(undefined) : race(timer(pollMs), wake$)));
    return publish$.pipe(
      expand(({ full }) => (full && !stop.aborted ? publish$ : EMPTY)),
      tap({ subscribe: () => hints.beginRun(), error: () => hints.failRun() }),
      repeat({ delay: () => wait$.pipe(takeUntil(stopped$)) }),
      retry({
        delay: (error, failures) => pauseAfter(error, failures).pipe(takeUntil(stopped$)),
        resetOnSuccess: true,
      }),
      finalize(() => hints.unsubscribe()),
    );
  });
}
