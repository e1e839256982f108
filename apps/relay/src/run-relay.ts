import { KafkaError } from '@payments/kafka';
import { migrateOutbox, openRelaySession } from '@payments/outbox';
import type { RelaySession } from '@payments/outbox';
import { EMPTY, catchError, concat, finalize, merge, race, throwError } from 'rxjs';
import type { Observable } from 'rxjs';

import { acrossSessions } from './across-sessions.ts';
import { handOverAfterFailures } from './hand-over.ts';
import { kafkaSide } from './kafka-side.ts';
import type { KafkaSide } from './kafka-side.ts';
import { observeOverdueSlots } from './metrics/observe-overdue-slots.ts';
import { pauseAfterFailure } from './pause-after-failure.ts';
import { publishBatch } from './publish-batch.ts';
import type { Round } from './publish-batch.ts';
import type { RelayParts } from './relay-parts.ts';
import { relay$ } from './relay.ts';
import { retain$ } from './retain.ts';
import { watchRounds } from './watch-rounds.ts';
import { watchSlots } from './watch-slots.ts';
import { whenAborted } from './when-aborted.ts';
import { writeBehind } from './write-behind.ts';

/** For how long, in milliseconds, a slot may be due before that is worth a warning: a day. */
const slotOverdueMs = 86_400_000;

/**
 * How long, in milliseconds, a round may take: somewhat more than the time-outs of its steps, which are 15 s for an answer of
 * PostgreSQL before and after, 15 s for the making of topics and 30 s for a send.
 */
const roundBoundMs = 90_000;

/**
 * A relay: opens a session on the log, publishes from it, and opens another one when it is lost. Emits each round;
 * completes on `stop`, after the batch taken. It waits for PostgreSQL and Kafka as long as they are away; an error that
 * time does not mend ends it.
 */
export function runRelay(parts: RelayParts): Observable<Round> {
  const { config, readiness, log, stop } = parts;
  const pauseAfter = pauseAfterFailure({ log, readiness, maxMs: config.backoffMaxMs });
  const kafka = kafkaSide(parts);
  const rounds = watchRounds({ boundMs: parts.roundBoundMs ?? roundBoundMs, readiness, log });
  const watch = watchSlots({ overdueMs: slotOverdueMs });
  const observed = observeOverdueSlots(watch);
  return acrossSessions({
    stop,
    open: () => openSession(parts, kafka),
    pauseAfter,
    work: (session) => {
      parts.onSession?.(session);
      const behind = writeBehind(session);
      const lost$ = whenAborted(session.lost);
      const handOver = handOverAfterFailures({ session, ms: 2 * config.backoffMaxMs });
      const cleanUp = () => session.cleanUp({ retentionHours: config.retentionHours });
      // The end of a session is for the next round to tell.
      const retaining$ = retain$({ cleanUp, watch, log, stop }).pipe(
        catchError((error: unknown) => (session.lost.aborted ? EMPTY : throwError(() => error))),
      );
      const publishing$ = relay$({
        round: () => rounds.watched(() => publishBatch(rounds.steps({ log: behind, ...kafka }))),
        wake$: merge(session.wake$, session.lanesMove$, lost$),
        pollMs: config.pollMs,
        // A session outlives Kafka's absence: it holds the batch that has to go first. It does not outlive its own loss,
        // which ends the pause: the next round then asks it for a batch, and is refused. So do lanes that are to move.
        pauseAfter: (error, failures) =>
          error instanceof KafkaError
            ? concat(handOver(error, failures), race(pauseAfter(error, failures), lost$, session.lanesMove$))
            : throwError(() => error),
        stop,
      });
      return merge(publishing$, retaining$);
    },
  }).pipe(
    finalize(() => {
      kafka.end();
      observed[Symbol.dispose]();
    }),
  );
}

/** Opens a session once both sides are there. One that owns no lanes is ready: nothing is broken. */
async function openSession(
  { config, readiness, log }: RelayParts,
  kafka: Pick<KafkaSide, 'idle'>,
): Promise<RelaySession> {
  const { databaseUrl, limits, backoffMaxMs } = config;
  const say = (line: string) => log.info(line);
  await migrateOutbox({ databaseUrl, log: say });
  readiness.ready('postgres');
  await kafka.idle();
  return openRelaySession({ databaseUrl, limits, probeMaxMs: backoffMaxMs, log: say });
}
