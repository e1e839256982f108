import { KafkaError, ensureTopics } from '@payments/kafka';
import type { KafkaMessage, TopicSpec } from '@payments/kafka';
import { graceAfter } from '@payments/runtime';

import { deliver } from './deliver/deliver.ts';
import { refusalLines } from './deliver/tell-refusals.ts';
import { troubledTopics } from './deliver/troubled-topics.ts';
import { measurePublished } from './metrics/measure-published.ts';
import { measuredSend } from './metrics/measure-sends.ts';
import { missingTopics, noTopics } from './missing-topics.ts';
import type { RoundOptions } from './publish-batch.ts';
import type { RelayParts } from './relay-parts.ts';
import { traceBatches } from './trace/trace-batches.ts';

/** Partitions of a topic that the relay creates. */
const partitions = 12;
/** How long, in milliseconds, Kafka may go unseen while nothing waits to be published. */
const kafkaUnseenMs = 5000;
/** How long, in milliseconds, a send may go on after the signal to stop. */
const sendGraceMs = 10_000;

/** What a round does on Kafka's side, and what is left to do when there are no more rounds. */
export type KafkaSide = Pick<RoundOptions, 'deliver' | 'tell' | 'idle'> & { end: () => void };

/** Kafka's side of a relay, over all of its sessions. */
export function kafkaSide(parts: RelayParts): KafkaSide {
  const { config, log } = parts;
  const { createTopics } = config;
  const topics = createTopics ? missingTopics({ partitions, ensure: topicsIn(parts) }) : noTopics;
  const troubled = troubledTopics();
  const traces = traceBatches();
  const measure = measurePublished();
  const kafka = seenOrNot(parts, topics.forget);
  return {
    deliver: async (batch) => {
      const { toEvent, traced, settle } = traces.of(batch);
      const send = traced(kafka.send);
      const prepareTopics = topics.prepare;
      const refusals = await deliver({ batch, toEvent, send, prepareTopics, createTopics, troubled });
      measure({ batch, refusals, traced: settle(refusals) });
      return refusals;
    },
    tell: ({ kind }, refusals) => {
      for (const { fields, says } of refusalLines(kind, refusals)) log.warn(fields, says);
    },
    idle: async () => {
      traces.forget();
      await kafka.idle();
    },
    end: traces.forget,
  };
}

/** Kafka, as it answers or not: a send says so, and where nothing was sent for a while a question. */
function seenOrNot({ producer, readiness, stop }: RelayParts, forgetTopics: () => void) {
  const grace = graceAfter(stop, sendGraceMs);
  const measured = measuredSend((messages) => producer.send(messages, grace));
  let seenAt = -Infinity;
  const seen = () => {
    seenAt = performance.now();
    readiness.ready('kafka');
  };
  return {
    send: async (messages: readonly KafkaMessage[]) => {
      await measured(messages).catch((error: unknown) => {
        // A message that cannot be taken says nothing of its topic, and costs several sends until it is found.
        if (!(error instanceof KafkaError && error.verdict === 'park-message')) forgetTopics();
        seenAt = -Infinity;
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

/** Given up on `stop`: nothing of the batch is sent yet, and the next relay begins with it. */
const topicsIn =
  ({ config: { kafka }, kafkaLog: log, stop: signal }: RelayParts) =>
  (topics: readonly TopicSpec[]): Promise<void> =>
    ensureTopics({ kafka, topics, log, signal });
