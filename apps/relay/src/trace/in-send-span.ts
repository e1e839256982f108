import { ROOT_CONTEXT, SpanKind, context, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { KafkaError } from '@payments/kafka';
import type { KafkaMessage } from '@payments/kafka';
import { failSpan } from '@payments/runtime';

import { tracer } from './tracer.ts';

/** A send: what of it is traced, and all that goes with it. */
export type TracedSend = {
  creates: readonly Span[];
  messages: readonly KafkaMessage[];
};

/**
 * Runs a send within its CLIENT span, if any of its messages is traced: linked to the span of each of them, and they to it;
 * a child where there is only one, else a trace of its own. Each try has a span of its own. Nothing below it
 * makes one: an instrumented client would write its own context over those of the messages.
 */
export function inSendSpan<T>({ creates, messages }: TracedSend, send: () => Promise<T>): Promise<T> {
  const sending = () => context.with(suppressTracing(context.active()), send);
  if (creates.length === 0) return sending();
  const span = startSendSpan(creates, messages);
  const link = { context: span.spanContext() };
  for (const create of creates) create.addLink(link);
  return ended(span, sending());
}

function startSendSpan(creates: readonly Span[], messages: readonly KafkaMessage[]): Span {
  const topics = new Set(messages.map(({ topic }) => topic));
  const [topic] = topics.size === 1 ? topics : [];
  return tracer().startSpan(
    topic === undefined ? 'send' : `send ${topic}`,
    {
      kind: SpanKind.CLIENT,
      attributes: attributesOf(topic, messages.length),
      links: creates.map((create) => ({ context: create.spanContext() })),
    },
    parentOf(creates),
  );
}

function parentOf([only, ...others]: readonly Span[]): Context {
  return only && others.length === 0 ? trace.setSpan(ROOT_CONTEXT, only) : ROOT_CONTEXT;
}

const attributesOf = (topic: string | undefined, messages: number): Attributes => ({
  'messaging.system.name': 'kafka',
  'messaging.operation.name': 'send',
  'messaging.operation.type': 'send',
  'messaging.batch.message_count': messages,
  ...(topic !== undefined && { 'messaging.destination.name': topic }),
});

async function ended<T>(span: Span, sending: Promise<T>): Promise<T> {
  try {
    return await sending;
  } catch (error) {
    failSpan(span, KafkaError.from(error).code);
    throw error;
  } finally {
    span.end();
  }
}
