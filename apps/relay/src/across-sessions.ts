import {
  catchError,
  concat,
  concatMap,
  defer,
  ignoreElements,
  race,
  retry,
  takeUntil,
  throwError,
  timer,
} from 'rxjs';
import type { Observable } from 'rxjs';

import { whenAborted } from './when-aborted.ts';

/** How long, in milliseconds, closing a session may take: the network below it may be gone. */
const goodbyeMs = 3000;

/**
 * Works on a session until the work completes. A session that fails is closed, and after a pause another one is opened,
 * which reads everything anew.
 */
export function acrossSessions<S extends AsyncDisposable, R>(options: {
  open: () => Promise<S>;
  work: (session: S) => Observable<R>;
  /** The pause after a failure; `failures` counts those since the last success. It may give up by an error. */
  pauseAfter: (error: unknown, failures: number) => Observable<unknown>;
  /** Ends the pauses. The work ends by itself. */
  stop: AbortSignal;
}): Observable<R> {
  const { open, work, pauseAfter, stop } = options;
  const stopped$ = whenAborted(stop);
  return defer(open).pipe(
    concatMap((session) => {
      const close$ = defer(() => session[Symbol.asyncDispose]());
      const closed$ = race(close$, timer(goodbyeMs)).pipe(
        ignoreElements(),
        catchError(() => []),
      );
      const failed = (error: unknown) =>
        concat(
          closed$,
          throwError(() => error),
        );
      return concat(work(session).pipe(catchError(failed)), closed$);
    }),
    retry({
      delay: (error, failures) => pauseAfter(error, failures).pipe(takeUntil(stopped$)),
      resetOnSuccess: true,
    }),
  );
}
