import { ROOT_CONTEXT, SpanKind, context, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { KafkaError } from '@payments/kafka';
import type { KafkaMessage } from '@payments/kafka';
import { failSpan } from '@payments/runtime';

import { tracer } from './tracer.ts';

/**
 * How many sends the span of a message links to: while Kafka is away a batch is tried for days, and a collector takes no span of any
 * size. Sends that came through have room of their own: they are what is looked for.
 */
const mostLinks = { toFailed: 32, toAll: 64 };
const links = new WeakMap<Span, number>();

/** A send: what of it is traced, and all that goes with it. */
export type TracedSend = {
  creates: readonly Span[];
  messages: readonly KafkaMessage[];
};

/**
 * Runs a send within its CLIENT span, if any of its messages is traced: linked to the span of each of them, and they to it,
 * but for the many tries of an outage; a child where there is only one, else a trace of its own. Each try has a span of its own.
 * Nothing below it makes one: an instrumented client would write its own context over those of the messages.
 */
export function inSendSpan<T>({ creates, messages }: TracedSend, send: () => Promise<T>): Promise<T> {
  const sending = () => context.with(suppressTracing(context.active()), send);
  if (creates.length === 0) return sending();
  return ended({ span: startSendSpan(creates, messages), creates }, sending());
}

function linkTo(send: Span, creates: readonly Span[], most: number): void {
  const link = { context: send.spanContext() };
  for (const create of creates) {
    const before = links.get(create) ?? 0;
    if (before >= most) continue;
    create.addLink(link);
    links.set(create, before + 1);
  }
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

async function ended<T>(
  { span, creates }: { span: Span; creates: readonly Span[] },
  sending: Promise<T>,
): Promise<T> {
  try {
    const sent = await sending;
    linkTo(span, creates, mostLinks.toAll);
    return sent;
  } catch (error) {
    linkTo(span, creates, mostLinks.toFailed);
    failSpan(span, KafkaError.from(error).code);
    throw error;
  } finally {
    span.end();
  }
}
