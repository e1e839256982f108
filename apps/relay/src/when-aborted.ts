import { defer, fromEvent, map, of, take } from 'rxjs';
import type { Observable } from 'rxjs';

/** Emits the reason once `signal` is aborted, at once where it already is. */
export function whenAborted(signal: AbortSignal): Observable<unknown> {
  const aborted$ = defer(() => (signal.aborted ? of(null) : fromEvent(signal, 'abort')));
  return aborted$.pipe(
    take(1),
    map((): unknown => signal.reason),
  );
}
