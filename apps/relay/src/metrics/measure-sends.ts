import { metrics } from '@opentelemetry/api';
import type { Attributes } from '@opentelemetry/api';
import { KafkaError } from '@payments/kafka';
import type { KafkaMessage } from '@payments/kafka';

type Send = (messages: readonly KafkaMessage[]) => Promise<void>;

/** Bounds in seconds, as the conventions have them; a send is given up after 30 s. */
const boundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** What every client of a messaging system says of a send. */
const operation: Attributes = {
  'messaging.system.name': 'kafka',
  'messaging.operation.name': 'send',
  'messaging.operation.type': 'send',
};

/**
 * A send that is measured: how long it took, and how many messages were handed to Kafka, repeats and failed ones included
 * (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-metrics/).
 */
export function measuredSend(send: Send): Send {
  const { duration, sent } = instruments();
  return async (messages) => {
    const begun = performance.now();
    const failure = await send(messages).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    const how = failure ? { ...operation, 'error.type': KafkaError.from(failure.error).code } : operation;
    duration.record((performance.now() - begun) / 1000, how);
    for (const [topic, count] of countByTopic(messages))
      sent.add(count, { ...how, 'messaging.destination.name': topic });
    if (failure) throw failure.error;
  };
}

function instruments() {
  const meter = metrics.getMeter('@payments/relay');
  return {
    duration: meter.createHistogram('messaging.client.operation.duration', {
      description: 'How long a send to Kafka took',
      unit: 's',
      advice: { explicitBucketBoundaries: boundaries },
    }),
    sent: meter.createCounter('messaging.client.sent.messages', {
      description: 'Messages handed to Kafka, repeats included',
      unit: '{message}',
    }),
  };
}

function countByTopic(messages: readonly KafkaMessage[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { topic } of messages) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  return counts;
}
