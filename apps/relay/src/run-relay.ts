import { ensureTopics } from '@payments/kafka';
import type { KafkaLog, Producer } from '@payments/kafka';
import { migrateOutbox, openRelaySession } from '@payments/outbox';
import type { RelaySession } from '@payments/outbox';
import type { Health, Log } from '@payments/runtime';
import { fromEvent, merge } from 'rxjs';
import type { Observable } from 'rxjs';

import { acrossSessions } from './across-sessions.ts';
import type { RelayConfig } from './config.ts';
import { graceAfter } from './grace-after.ts';
import { missingTopics, noTopics } from './missing-topics.ts';
import { pauseAfterFailure } from './pause-after-failure.ts';
import { publishBatch } from './publish-batch.ts';
import type { Round } from './publish-batch.ts';
import { relay$ } from './relay.ts';

/** Partitions of a topic that the relay creates. */
const partitions = 12;
/** How long, in milliseconds, Kafka may go unseen while nothing waits to be published. */
const kafkaUnseenMs = 5000;
/** How long, in milliseconds, a send may go on after the signal to stop. */
const sendGraceMs = 10_000;

/** What a relay works with. */
export type RelayParts = {
  config: RelayConfig;
  producer: Producer;
  health: Pick<Health, 'ready' | 'notReady'>;
  log: Log;
  kafkaLog: KafkaLog;
  stop: AbortSignal;
};

/**
 * A relay: opens a session on the log, publishes from it, and opens another one when it is lost. Emits each round;
 * completes on `stop`, after the batch taken. It waits for PostgreSQL and Kafka as long as they are away; an error that
 * time does not mend ends it.
 */
export function runRelay(parts: RelayParts): Observable<Round> {
  const { config, health, log, stop } = parts;
  const pauses = pauseAfterFailure({ log, health, maxMs: config.backoffMaxMs });
  const toKafka = publishingTo(parts);
  return acrossSessions({
    stop,
    open: () => openSession(parts),
    pauseAfter: pauses.postgres,
    work: (session) =>
      relay$({
        round: () => publishBatch({ log: session, ...toKafka }),
        wake$: merge(session.wake$, fromEvent(session.lost, 'abort')),
        pollMs: config.pollMs,
        pauseAfter: pauses.kafka,
        stop,
      }),
  });
}

async function openSession({ config, health, log, stop }: RelayParts): Promise<RelaySession> {
  const { databaseUrl, limits } = config;
  const say = (line: string) => log.info(line);
  await migrateOutbox({ databaseUrl, log: say });
  // A relay that stands by for another one is ready: it waits for nothing that is broken.
  health.ready('postgres');
  return openRelaySession({ databaseUrl, limits, signal: stop, log: say });
}

function publishingTo({ config, producer, health, kafkaLog: log, stop }: RelayParts) {
  const { kafka } = config;
  const ensure = {
    partitions,
    ensure: (topics: Parameters<typeof ensureTopics>[0]['topics']) => ensureTopics({ kafka, topics, log }),
  };
  const topics = config.createTopics ? missingTopics(ensure) : noTopics;
  const grace = graceAfter(stop, sendGraceMs);
  let seenAt = -Infinity;
  const seen = () => {
    seenAt = performance.now();
    health.ready('kafka');
  };
  return {
    prepareTopics: topics.prepare,
    send: async (messages: Parameters<Producer['send']>[0]) => {
      await producer.send(messages, grace).catch((error: unknown) => {
        topics.forget();
        throw error;
      });
      seen();
    },
    idle: async () => {
      if (performance.now() - seenAt < kafkaUnseenMs) return;
      await producer.check(grace);
      seen();
    },
  };
}
