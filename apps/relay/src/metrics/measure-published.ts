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
    const refused = new Set(refusals.map(({ message }) => message));
    const topics = new Map<string, Topic>();
    for (const message of batch.messages) {
      if (refused.has(message)) continue;
      const topic = topicOf(topics, message.topic);
      topic.count++;
      if (batch.kind !== 'REPUBLISH')
        commitToAck.record(secondsSince(message, at), topic.labels, traced.get(message));
    }
    for (const { labels, count } of topics.values()) published.add(count, labels);
  };
}

/** What a batch has of a topic. One object of labels for all: of a batch of 1,000 there is one topic, or a few. */
type Topic = { labels: { topic: string }; count: number };

function topicOf(topics: Map<string, Topic>, topic: string): Topic {
  const known = topics.get(topic);
  if (known) return known;
  const found = { labels: { topic }, count: 0 };
  topics.set(topic, found);
  return found;
}

const secondsSince = ({ createdAt }: RelayMessage, at: number): number =>
  Math.max(0, at - createdAt.getTime()) / 1000;
