import { metrics } from '@opentelemetry/api';
import type { SpanContext } from '@opentelemetry/api';
import type { Batch, Refusal, RelayMessage } from '@payments/outbox';
import { createTracedHistogram } from '@payments/runtime';

/** Bounds in seconds: a hint takes milliseconds, an outage minutes. */
const boundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];

/** What Kafka has of a batch. `traced`: of the messages that are traced, their spans. */
export type Acknowledged = {
  batch: Pick<Batch, 'kind' | 'messages'>;
  refusals: readonly Refusal[];
  traced: ReadonlyMap<RelayMessage, SpanContext>;
};

/**
 * Measures what Kafka acknowledged: how many messages of each topic, and how long each took from its append. A replay is
 * counted, but not timed: it was published long ago.
 * @param now milliseconds since 1970; a clock that is behind the database's makes no negative time
 */
export function measurePublished(now: () => number = Date.now): (acknowledged: Acknowledged) => void {
  const published = metrics.getMeter('@payments/relay').createCounter('outbox.published_messages', {
    description: 'Messages acknowledged by Kafka',
    unit: '{message}',
  });
  const commitToAck = createTracedHistogram({
    meter: '@payments/relay',
    name: 'outbox.commit_to_ack',
    description: "From a message's append to Kafka's acknowledgement",
    unit: 's',
    boundaries,
  });
  return ({ batch, refusals, traced }) => {
    const at = now();
    for (const [topic, messages] of byTopic(batch.messages, refusals)) {
      // One object for all of a topic: of a batch of 1,000 there is one or a few.
      const labels = { topic };
      published.add(messages.length, labels);
      if (batch.kind === 'REPUBLISH') continue;
      for (const message of messages)
        commitToAck.record(secondsSince(message, at), labels, traced.get(message));
    }
  };
}

const secondsSince = ({ createdAt }: RelayMessage, at: number): number =>
  Math.max(0, at - createdAt.getTime()) / 1000;

function byTopic(messages: readonly RelayMessage[], refusals: readonly Refusal[]) {
  const refused = new Set(refusals.map(({ message }) => message));
  return Map.groupBy(
    messages.filter((message) => !refused.has(message)),
    ({ topic }) => topic,
  );
}
