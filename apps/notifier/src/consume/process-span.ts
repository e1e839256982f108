import { context, defaultTextMapGetter, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import type { Attributes, Span } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { replayTopic as replayTopicOfTheContract } from '@payments/contracts/events';
import type { ConsumedMessage } from '@payments/kafka';
import { failSpan, inSpan } from '@payments/runtime';
import { cutShort } from '../event/cut-short.ts';
import { sampledIn } from '../sampled-in.ts';
import { snakeCase } from '../tally.ts';
import type { MessageEnd } from '../tally.ts';

/** How a message ended, and where that is a failure, of which kind, and the words for it. */
export type Dealt = { end: MessageEnd; failure?: { type: 'unreadable' | 'refused'; reason: string } };

/** `groupId`: the consumer group. `replayTopic`: another than the contract's, for specs. */
export type ProcessSpanOptions = { groupId: string; replayTopic?: string };

/**
 * What messages hold is the W3C's format, whatever OTEL_PROPAGATORS says about requests. Their `baggage` is left alone: it would
 * go on to Slack, and what no request can have in a header would end the process.
 */
const w3c = new W3CTraceContextPropagator();

/**
 * Runs `work`, all that is done about a message, inside a CONSUMER span from taking the message to dealing with it
 * (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#process-span). It is a child of the context that the
 * message brings (`traceparent`), and links to it; a replay comes long after, by somebody's hand: it is a trace of its own that
 * links there. A message whose trace is not kept has no span; it runs in its context all the same, for the log.
 */
export async function inProcessSpan(
  message: ConsumedMessage,
  options: ProcessSpanOptions,
  work: () => Promise<Dealt>,
): Promise<Dealt> {
  const sender = w3c.extract(ROOT_CONTEXT, message.headers, defaultTextMapGetter);
  const creation = sampledIn(sender);
  if (!creation) return await context.with(sender, work);
  const { groupId, replayTopic = replayTopicOfTheContract } = options;
  const parent = message.topic === replayTopic ? ROOT_CONTEXT : sender;
  const span = trace
    .getTracer('@payments/notifier')
    .startSpan(
      `process ${message.topic}`,
      { kind: SpanKind.CONSUMER, attributes: attributesOf(message, groupId), links: [{ context: creation }] },
      parent,
    );
  return await inSpan(span, parent, async () => sayHow(span, await work()));
}

function sayHow(span: Span, dealt: Dealt): Dealt {
  const { end, failure } = dealt;
  span.setAttribute('notifier.outcome', snakeCase(end));
  if (failure) failSpan(span, failure.type);
  return dealt;
}

/** What a stranger wrote may be long. What is missing is left out: `undefined` is no attribute. */
function attributesOf(
  { topic, partition, offset, key, headers }: ConsumedMessage,
  group: string,
): Attributes {
  const header = (name: string) => (headers[name] === undefined ? undefined : cutShort(headers[name]));
  return {
    'messaging.system.name': 'kafka',
    'messaging.operation.type': 'process',
    'messaging.operation.name': 'process',
    'messaging.destination.name': topic,
    'messaging.destination.partition.id': String(partition),
    'messaging.consumer.group.name': group,
    'messaging.message.id': header('ce_id'),
    'kafka.message.key': key === '' ? undefined : cutShort(key),
    'kafka.offset': Number(offset),
    'cloudevents.event_id': header('ce_id'),
    'cloudevents.event_source': header('ce_source'),
    'cloudevents.event_type': header('ce_type'),
    'cloudevents.event_subject': header('ce_subject'),
  };
}
