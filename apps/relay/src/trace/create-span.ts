import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span } from '@opentelemetry/api';
import type { KafkaMessage } from '@payments/kafka';
import type { Batch, RelayMessage } from '@payments/outbox';

import { toKafkaMessage } from '../to-kafka-message.ts';
import { contextOf, isSampled } from './row-context.ts';
import { tracer } from './tracer.ts';

/**
 * How old a row may be, in milliseconds, to go on with the trace in which it was appended. Where traces are kept by what
 * becomes of them, one that is taken up after that is cut in two anyway.
 */
const oldMs = 15 * 60_000;

/** When and why a batch is handed to Kafka. `nowMs`: milliseconds since 1970. */
export type HandOver = { kind: Batch['kind']; nowMs: number };

/**
 * Begins the span of a message that is handed to Kafka, where its row belongs to a trace that is kept: a child of the
 * context in which the row was appended. A replay, and a row older than 15 minutes, begin a trace of their own that links
 * to that context (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/).
 * @returns undefined where there is nothing to trace, or nobody to send a span to: then the row's headers are right as
 *   they are
 */
export function startCreateSpan(message: RelayMessage, handOver: HandOver): Span | undefined {
  const appended = isSampled(message.headers) ? contextOf(message.headers) : undefined;
  if (!appended) return undefined;
  const event = toKafkaMessage(message);
  const span = isLate(message, handOver) ? linked(event, appended) : start(event, {}, appended);
  return span.isRecording() ? span : undefined;
}

const isLate = ({ createdAt }: RelayMessage, { kind, nowMs }: HandOver): boolean =>
  kind === 'REPUBLISH' || nowMs - createdAt.getTime() > oldMs;

function linked(event: KafkaMessage, appended: Context): Span {
  const context = trace.getSpanContext(appended);
  return start(event, { root: true, links: context ? [{ context }] : [] }, ROOT_CONTEXT);
}

const start = (event: KafkaMessage, options: object, context: Context): Span =>
  tracer().startSpan(
    `create ${event.topic}`,
    { kind: SpanKind.PRODUCER, attributes: attributesOf(event), ...options },
    context,
  );

/** Names of https://opentelemetry.io/docs/specs/semconv/registry/attributes/messaging/ and …/cloudevents/. */
const attributesOf = ({ topic, key, value, headers }: KafkaMessage): Attributes => ({
  'messaging.system.name': 'kafka',
  'messaging.operation.name': 'create',
  'messaging.operation.type': 'create',
  'messaging.destination.name': topic,
  'messaging.message.id': headers['ce_id'],
  'messaging.message.body.size': value.byteLength,
  'kafka.message.key': key,
  'cloudevents.event_id': headers['ce_id'],
  'cloudevents.event_source': headers['ce_source'],
  'cloudevents.event_type': headers['ce_type'],
  'cloudevents.event_subject': headers['ce_subject'],
  'cloudevents.event_spec_version': headers['ce_specversion'],
});
