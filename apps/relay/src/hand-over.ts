import type { KafkaError } from '@payments/kafka';
import type { RelaySession } from '@payments/outbox';
import { EMPTY, catchError, defer, ignoreElements } from 'rxjs';
import type { Observable } from 'rxjs';

/** Failed rounds in a row after which a relay takes Kafka for out of its reach, rather than for busy. */
const failuresBefore = 3;

/**
 * Leaves the lanes to other relays when this one cannot reach Kafka for some rounds; they can do so perhaps. Where there
 * are no others it keeps them.
 * @param options.ms how long it stays away at least, in milliseconds; longer than the pause between two attempts, each of
 *   which begins it anew
 */
export function handOverAfterFailures(options: {
  session: Pick<RelaySession, 'standAside'>;
  ms: number;
}): (error: KafkaError, failures: number) => Observable<never> {
  return (error, failures) => {
    if (!error.unreachable || failures < failuresBefore) return EMPTY;
    return defer(() => options.session.standAside(options.ms)).pipe(
      ignoreElements(),
      // The session is lost: the next round says so.
      catchError(() => EMPTY),
    );
  };
}
