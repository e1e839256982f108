import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Span } from '@opentelemetry/api';
import type { ConsumedMessage } from '@payments/kafka';
import { cutShort } from './cut-short.ts';

/**
 * Runs `work` inside a CONSUMER span, child of the context that the message brought (`traceparent`) and linked to it
 * (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/). SQL and the Slack call are spans below it.
 * `work` may set attributes and the status; an error it throws is recorded, and thrown on.
 */
export async function inConsumerSpan<T>(
  message: ConsumedMessage,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const sent = propagation.extract(ROOT_CONTEXT, message.headers);
  const sender = trace.getSpanContext(sent);
  const span = trace.getTracer('@payments/notifier').startSpan(
    `process ${message.topic}`,
    {
      kind: SpanKind.CONSUMER,
      attributes: attributesOf(message),
      links: sender ? [{ context: sender }] : [],
    },
    sent,
  );
  try {
    return await context.with(trace.setSpan(sent, span), () => work(span));
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
    throw error;
  } finally {
    span.end();
  }
}

const attributesOf = ({ topic, partition, offset, key, headers }: ConsumedMessage) => ({
  'messaging.system': 'kafka',
  'messaging.operation.type': 'process',
  'messaging.operation.name': 'process',
  'messaging.destination.name': topic,
  'messaging.destination.partition.id': String(partition),
  'messaging.kafka.message.key': cutShort(key),
  'messaging.kafka.offset': Number(offset),
  'messaging.message.id': cutShort(headers['ce_id'] ?? ''),
});
