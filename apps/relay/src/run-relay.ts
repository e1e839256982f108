import { KafkaError, ensureTopics } from '@payments/kafka';
import type { KafkaLog, KafkaMessage, Producer, TopicSpec } from '@payments/kafka';
import { migrateOutbox, openRelaySession } from '@payments/outbox';
import type { RelaySession } from '@payments/outbox';
import { graceAfter } from '@payments/runtime';
import type { Log } from '@payments/runtime';
import { EMPTY, catchError, concat, merge, race, throwError } from 'rxjs';
import type { Observable } from 'rxjs';

import { acrossSessions } from './across-sessions.ts';
import type { RelayConfig } from './config.ts';
import { deliver } from './deliver/deliver.ts';
import { refusalLines } from './deliver/tell-refusals.ts';
import { troubledTopics } from './deliver/troubled-topics.ts';
import type { Readiness } from './follow-readiness.ts';
import { handOverAfterFailures } from './hand-over.ts';
import { missingTopics, noTopics } from './missing-topics.ts';
import { pauseAfterFailure } from './pause-after-failure.ts';
import { publishBatch } from './publish-batch.ts';
import type { Round, RoundOptions } from './publish-batch.ts';
import { relay$ } from './relay.ts';
import { retain$ } from './retain.ts';
import { watchSlots } from './watch-slots.ts';
import { whenAborted } from './when-aborted.ts';

/** Partitions of a topic that the relay creates. */
const partitions = 12;
/** How long, in milliseconds, Kafka may go unseen while nothing waits to be published. */
const kafkaUnseenMs = 5000;
/** How long, in milliseconds, a send may go on after the signal to stop. */
const sendGraceMs = 10_000;

/** For how long, in milliseconds, a slot may be due before that is worth a warning: a day. */
const slotOverdueMs = 86_400_000;

/** What a relay works with. */
export type RelayParts = {
  config: RelayConfig;
  producer: Producer;
  readiness: Readiness;
  log: Pick<Log, 'info' | 'warn'>;
  kafkaLog: KafkaLog;
  stop: AbortSignal;
};

/**
 * A relay: opens a session on the log, publishes from it, and opens another one when it is lost. Emits each round;
 * completes on `stop`, after the batch taken. It waits for PostgreSQL and Kafka as long as they are away; an error that
 * time does not mend ends it.
 */
export function runRelay(parts: RelayParts): Observable<Round> {
  const { config, readiness, log, stop } = parts;
  const pauseAfter = pauseAfterFailure({ log, readiness, maxMs: config.backoffMaxMs });
  const kafka = kafkaSide(parts);
  const watch = watchSlots({ overdueMs: slotOverdueMs });
  return acrossSessions({
    stop,
    open: () => openSession(parts, kafka),
    pauseAfter,
    work: (session) => {
      const lost$ = whenAborted(session.lost);
      const handOver = handOverAfterFailures({ session, ms: 2 * config.backoffMaxMs });
      const cleanUp = () => session.cleanUp({ retentionHours: config.retentionHours });
      // The end of a session is for the next round to tell.
      const retaining$ = retain$({ cleanUp, watch, log, stop }).pipe(
        catchError((error: unknown) => (session.lost.aborted ? EMPTY : throwError(() => error))),
      );
      const publishing$ = relay$({
        round: () => publishBatch({ log: session, ...kafka }),
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
  });
}

/** Opens a session once both sides are there. One that owns no lanes is ready: nothing is broken. */
async function openSession(
  { config, readiness, log }: RelayParts,
  kafka: Pick<RoundOptions, 'idle'>,
): Promise<RelaySession> {
  const { databaseUrl, limits, backoffMaxMs } = config;
  const say = (line: string) => log.info(line);
  await migrateOutbox({ databaseUrl, log: say });
  readiness.ready('postgres');
  await kafka.idle();
  return openRelaySession({ databaseUrl, limits, probeMaxMs: backoffMaxMs, log: say });
}

/** What a round does on Kafka's side. */
function kafkaSide(parts: RelayParts): Pick<RoundOptions, 'deliver' | 'tell' | 'idle'> {
  const { config, producer, readiness, log, stop } = parts;
  const { createTopics } = config;
  const topics = createTopics ? missingTopics({ partitions, ensure: topicsIn(parts) }) : noTopics;
  const grace = graceAfter(stop, sendGraceMs);
  const troubled = troubledTopics();
  let seenAt = -Infinity;
  const seen = () => {
    seenAt = performance.now();
    readiness.ready('kafka');
  };
  const send = async (messages: readonly KafkaMessage[]) => {
    await producer.send(messages, grace).catch((error: unknown) => {
      // A message that cannot be taken says nothing of its topic, and costs several sends until it is found.
      if (!(error instanceof KafkaError && error.verdict === 'park-message')) topics.forget();
      seenAt = -Infinity;
      throw error;
    });
    seen();
  };
  return {
    deliver: (batch) => deliver({ batch, prepareTopics: topics.prepare, send, createTopics, troubled }),
    tell: ({ kind }, refusals) => {
      for (const { fields, says } of refusalLines(kind, refusals)) log.warn(fields, says);
    },
    idle: async () => {
      if (performance.now() - seenAt < kafkaUnseenMs) return;
      await producer.check(grace);
      seen();
    },
  };
}

/** Given up on `stop`: nothing of the batch is sent yet, and the next relay begins with it. */
const topicsIn =
  ({ config: { kafka }, kafkaLog: log, stop: signal }: RelayParts) =>
  (topics: readonly TopicSpec[]): Promise<void> =>
    ensureTopics({ kafka, topics, log, signal });
