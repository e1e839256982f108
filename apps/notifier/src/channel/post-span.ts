import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes, Context } from '@opentelemetry/api';
import type { ConsumedMessage } from '@payments/kafka';
import { cutShort } from '../event/cut-short.ts';
import type { PostOutcome } from '../slack/slack-verdict.ts';

/**
 * Runs `work`, a request to Slack, inside a CONSUMER span that is linked to the contexts that the messages brought
 * (`traceparent`), and child of it where it is only one
 * (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/). The request is a span below it.
 */
export async function inPostSpan(
  told: readonly { message: ConsumedMessage }[],
  work: () => Promise<PostOutcome>,
): Promise<PostOutcome> {
  const messages = told.map(({ message }) => message);
  const senders = messages.map(({ headers }) => propagation.extract(ROOT_CONTEXT, headers));
  const parent = (senders.length === 1 && senders[0]) || ROOT_CONTEXT;
  const span = trace
    .getTracer('@payments/notifier')
    .startSpan(
      `process ${messages[0]?.topic ?? ''}`,
      { kind: SpanKind.CONSUMER, attributes: attributesOf(messages), links: linksTo(senders) },
      parent,
    );
  try {
    const outcome = await context.with(trace.setSpan(parent, span), work);
    if (outcome.kind === 'unanswered' || outcome.status >= 300)
      span.setStatus({ code: SpanStatusCode.ERROR });
    return outcome;
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
    throw error;
  } finally {
    span.end();
  }
}

const linksTo = (senders: readonly Context[]) =>
  senders.flatMap((sender) => {
    const linked = trace.getSpanContext(sender);
    return linked ? [{ context: linked }] : [];
  });

function attributesOf(messages: readonly ConsumedMessage[]): Attributes {
  const [first] = messages;
  const ofAll = {
    'messaging.system': 'kafka',
    'messaging.operation.type': 'process',
    'messaging.operation.name': 'process',
    'messaging.destination.name': first?.topic ?? '',
  };
  if (!first || messages.length > 1) return { ...ofAll, 'messaging.batch.message_count': messages.length };
  return {
    ...ofAll,
    'messaging.destination.partition.id': String(first.partition),
    'messaging.kafka.message.key': cutShort(first.key),
    'messaging.kafka.offset': Number(first.offset),
    'messaging.message.id': cutShort(first.headers['ce_id'] ?? ''),
  };
}
