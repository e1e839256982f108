import { context, metrics, trace } from '@opentelemetry/api';
import type { ConsumedMessage } from '@payments/kafka';
import { createTracedHistogram } from '@payments/runtime';
import type { Dealt } from './process-span.ts';

/** The metrics of messages, as the conventions have them. */
export type MessageMetrics = {
  /** It was handed on to us. */
  consumed(message: Pick<ConsumedMessage, 'topic'>): void;
  /**
   * It is dealt with, `ms` milliseconds after it was taken. What is left for others is not. To be called in the context of the
   * message: the histogram keeps its trace.
   */
  processed(message: Pick<ConsumedMessage, 'topic'>, ms: number, dealt: Dealt): void;
};

/** Upper bounds in seconds. A message waits for Slack's pace, which may ask for an hour of patience. */
const boundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];

/** Makes them, with the names of https://opentelemetry.io/docs/specs/semconv/messaging/messaging-metrics/. */
export function openMessageMetrics({ groupId }: { groupId: string }): MessageMetrics {
  const meter = '@payments/notifier';
  const consumed = metrics.getMeter(meter).createCounter('messaging.client.consumed.messages', {
    description: 'Messages taken from Kafka, repeats included',
    unit: '{message}',
  });
  const duration = createTracedHistogram({
    meter,
    name: 'messaging.process.duration',
    description: 'From taking a message to dealing with it',
    unit: 's',
    boundaries,
  });
  const labels = ({ topic }: Pick<ConsumedMessage, 'topic'>) => ({
    'messaging.system.name': 'kafka',
    'messaging.operation.name': 'process',
    'messaging.destination.name': topic,
    'messaging.consumer.group.name': groupId,
  });
  return {
    consumed: (message) => consumed.add(1, labels(message)),
    processed: (message, ms, { end, failure }) => {
      if (end === 'left') return;
      const all = { ...labels(message), ...(failure && { 'error.type': failure.type }) };
      duration.record(ms / 1000, all, trace.getSpanContext(context.active()));
    },
  };
}
