import {
  paymentEventPartitions,
  paymentEventTopic,
  replayPartitions,
  replayTopic,
  replayTopicConfig,
} from '@payments/contracts/events';
import { ensureTopics, KafkaError, messages$ } from '@payments/kafka';
import type { ConsumedMessage, ConsumerOptions, TopicSpec } from '@payments/kafka';
import { backoff } from '@payments/runtime';
import type { Health, Log } from '@payments/runtime';
import { defer, EMPTY, from, fromEvent, raceWith, retry, switchMap, takeUntil, timer } from 'rxjs';
import type { Observable } from 'rxjs';

/** What reading the payment events needs. `topics`: others than the contract's, for specs. */
export type PaymentMessagesOptions = Pick<
  ConsumerOptions,
  'kafka' | 'groupId' | 'drainTimeoutMs' | 'sessionTimeoutMs'
> & {
  topics?: readonly TopicSpec[];
  stop: AbortSignal;
  health: Pick<Health, 'ready' | 'notReady'>;
  log: Pick<Log, 'info' | 'warn'>;
};

/** `payment-event`, and beside it what was set aside and is to be told once more. */
const ofTheContract: readonly TopicSpec[] = [
  { topic: paymentEventTopic, partitions: paymentEventPartitions },
  { topic: replayTopic, partitions: replayPartitions, config: replayTopicConfig },
];

/**
 * The payment events of the group, for as long as the process lives. Makes the topics where they are not there yet, since
 * the notifier may be the first to start. A broker that is not there, or goes away, is waited for: un-ready with the
 * reason, one line for each attempt. Completes after `stop`, when the messages handed on are settled.
 */
export function paymentMessages$({
  topics = ofTheContract,
  stop,
  health,
  log,
  ...consumer
}: PaymentMessagesOptions): Observable<ConsumedMessage> {
  const names = topics.map(({ topic }) => topic);
  const onJoined = (partitions: readonly unknown[]) => {
    health.ready('kafka');
    log.info({ topics: names, partitions: partitions.length }, 'ready: reading payment events');
  };
  const subscription = () => {
    if (stop.aborted) return EMPTY;
    const topicsAreThere$ = from(ensureTopics({ kafka: consumer.kafka, topics, signal: stop }));
    const member$ = messages$({ ...consumer, topics: names, signal: stop, onJoined });
    return topicsAreThere$.pipe(
      takeUntil(fromEvent(stop, 'abort')),
      switchMap(() => member$),
    );
  };
  const again = (thrown: unknown, failures: number) => {
    const { code, message: reason } = KafkaError.from(thrown);
    const pauseMs = backoff(failures, { minMs: 250, maxMs: 10_000 });
    health.notReady('kafka', reason);
    log.warn({ attempt: failures, pauseMs, code, reason }, 'waiting for kafka');
    return timer(pauseMs).pipe(raceWith(fromEvent(stop, 'abort')));
  };
  return defer(subscription).pipe(retry({ delay: again, resetOnSuccess: true }));
}
