import { setTimeout as pause } from 'node:timers/promises';
import { deadLetterPartitions, deadLetterTopic, deadLetterTopicConfig } from '@payments/contracts/events';
import { ensureTopics, KafkaError, openProducer } from '@payments/kafka';
import type { KafkaConfig, RawKafkaMessage } from '@payments/kafka';
import { backoff } from '@payments/runtime';
import type { Health, Log } from '@payments/runtime';

/** The longest pause is short: messages of good payments wait behind it. */
const usualBackoffMs = { minMs: 250, maxMs: 10_000 };

/** What it needs. Times in milliseconds. */
export type DeadLetterTopicOptions = {
  kafka: KafkaConfig;
  /** Another than the contract's, for specs. */
  topic?: string;
  backoffMs?: { minMs: number; maxMs: number };
  health: Pick<Health, 'ready' | 'notReady'>;
  log: Pick<Log, 'warn' | 'error'>;
  /** Ends every wait; nothing is sent any more. */
  stop: AbortSignal;
  /** Ends a send that is under way. Comes some time after `stop`. */
  grace: AbortSignal;
};

/** The way to the topic. */
export type DeadLetterTopic = {
  /** Waits until the topic is there, or `stop`. Whatever is wrong with it, it is no message's fault. */
  prepare(): Promise<void>;
  /** Returns what went wrong, if anything did. */
  send(messages: readonly RawKafkaMessage[]): Promise<KafkaError | undefined>;
  /** Waits before the next try, and says why. */
  holdBack(error: KafkaError, failures: number): Promise<void>;
  /** Nothing waits any more: whether Kafka takes dead letters again is seen with the next one. */
  idle(): void;
  close(): PromiseLike<void>;
};

/**
 * The topic, which is made where it is not there yet, its producer, and what is said of both. Nothing here throws but
 * `close`: what went wrong is returned or waited for.
 */
export function openDeadLetterTopic(options: DeadLetterTopicOptions): DeadLetterTopic {
  const { kafka, health, log, stop, grace, backoffMs = usualBackoffMs, topic = deadLetterTopic } = options;
  const producer = openProducer({ kafka });
  const wanted = { topic, partitions: deadLetterPartitions, config: deadLetterTopicConfig };
  let isThere = false;

  async function holdBack({ code, message: reason }: KafkaError, failures: number): Promise<void> {
    if (stop.aborted) return;
    const pauseMs = backoff(failures, backoffMs);
    health.notReady('dead-letters', reason);
    log.warn({ topic, attempt: failures, pauseMs, code, reason }, 'waiting for kafka to take dead letters');
    await pause(pauseMs, undefined, { signal: stop }).catch(() => undefined);
  }

  return {
    holdBack,
    prepare: async () => {
      for (let failures = 1; !isThere && !stop.aborted; failures += 1) {
        const ensured = ensureTopics({ kafka, topics: [wanted], signal: stop });
        const error = await ensured.then(
          () => undefined,
          (thrown: unknown) => KafkaError.from(thrown),
        );
        isThere = !error;
        if (error) await holdBack(error, failures);
        else health.ready('dead-letters');
      }
    },
    send: async (messages) => {
      const error = await producer.send(messages, grace).then(
        () => undefined,
        (thrown: unknown) => KafkaError.from(thrown),
      );
      if (!error) health.ready('dead-letters');
      else if (error.code === 'UNKNOWN_TOPIC_OR_PARTITION') isThere = false;
      return error;
    },
    idle: () => health.ready('dead-letters'),
    close: () => producer[Symbol.asyncDispose](),
  };
}
