import { setTimeout as pause } from 'node:timers/promises';
import { paymentEventTopic } from '@payments/contracts/events';
import { KafkaError, topicRetentionMs } from '@payments/kafka';
import type { KafkaConfig } from '@payments/kafka';
import { backoff } from '@payments/runtime';
import type { Log } from '@payments/runtime';

/** What the check needs. Times in milliseconds. `topic`: another than the contract's, for specs. */
export type RetentionOptions = {
  kafka: KafkaConfig;
  topic?: string;
  /** How long the inbox remembers what was told. */
  retentionMs: number;
  stop: AbortSignal;
  log: Pick<Log, 'warn'>;
};

const hours = (ms: number) => (ms === Infinity ? 'for ever' : Math.round(ms / 360_000) / 10);

/**
 * Warns once if Kafka keeps messages for as long as the inbox remembers them, or longer: who reads the topic from its
 * beginning then tells old ones again. Asks until Kafka and the topic are there, which is none of its business; a role that
 * may not ask gets no warning.
 */
export async function warnOfRetention(options: RetentionOptions): Promise<void> {
  const { kafka, topic = paymentEventTopic, retentionMs, stop, log } = options;
  for (let attempt = 1; !stop.aborted; attempt += 1) {
    const topicMs = await topicRetentionMs({ kafka, topic, signal: stop }).catch(verdictOn);
    if (topicMs !== undefined) {
      if (topicMs >= retentionMs)
        log.warn(
          { topic, topicHours: hours(topicMs), inboxHours: hours(retentionMs) },
          'the topic keeps messages for as long as the inbox remembers them: raise NOTIFIER_RETENTION_HOURS, or lower retention.ms',
        );
      return;
    }
    const pauseMs = backoff(attempt, { minMs: 250, maxMs: 30_000 });
    await pause(pauseMs, undefined, { signal: stop, ref: false }).catch(() => undefined);
  }
}

/** Nothing to warn of; or, undefined, something to ask again. */
const verdictOn = (error: unknown): number | undefined =>
  KafkaError.from(error).code.includes('AUTHORIZATION') ? 0 : undefined;
