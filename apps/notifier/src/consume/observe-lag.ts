import { metrics } from '@opentelemetry/api';
import { paymentEventTopic, replayTopic } from '@payments/contracts/events';
import { KafkaError, openGroupLag } from '@payments/kafka';
import type { KafkaConfig } from '@payments/kafka';
import { observeSparingly } from '@payments/runtime';
import type { Log } from '@payments/runtime';

const meter = '@payments/notifier';
const everyMs = 10_000;
/** Less than a scrape may take, which is 10 s with Prometheus' own settings. */
const withinMs = 2000;

/** What observing the lag needs. */
export type LagOptions = { kafka: KafkaConfig; groupId: string; log: Pick<Log, 'warn'> };

/**
 * Makes the metric `kafka_consumer_group_lag` of the topics that the notifier reads: asked of Kafka when the metrics are
 * read, and left out while Kafka does not answer. It is the group's: every notifier of it tells the same.
 */
export function observeLag({ kafka, groupId, log }: LagOptions): AsyncDisposable {
  const topics = [paymentEventTopic, replayTopic];
  const gauge = metrics.getMeter(meter).createObservableGauge('kafka.consumer_group.lag', {
    description: 'Messages of a partition that the group has not committed',
    unit: '{message}',
  });
  const lag = openGroupLag({ kafka, groupId, topics, timeoutMs: withinMs });
  const observation = observeSparingly({
    meter,
    gauges: [gauge],
    ask: () => lag.read(),
    observe: (partitions, result) => {
      for (const { topic, partition, lag: messages } of partitions)
        result.observe(gauge, messages, { group: groupId, topic, partition });
    },
    everyMs,
    withinMs,
    onFailure: (error) =>
      log.warn({ reason: KafkaError.from(error).message }, 'the lag of the group is not known'),
  });
  return {
    [Symbol.asyncDispose]: async () => {
      observation[Symbol.dispose]();
      await lag[Symbol.asyncDispose]();
    },
  };
}
