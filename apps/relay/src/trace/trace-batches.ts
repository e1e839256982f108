import type { Span, SpanContext } from '@opentelemetry/api';
import type { KafkaMessage } from '@payments/kafka';
import type { Batch, Refusal, RelayMessage } from '@payments/outbox';
import { failSpan } from '@payments/runtime';

import { toKafkaMessage } from '../to-kafka-message.ts';
import { startCreateSpan } from './create-span.ts';
import { inSendSpan } from './in-send-span.ts';
import { inContextOf } from './row-context.ts';

type Send = (messages: readonly KafkaMessage[]) => Promise<void>;

/** The spans of one batch, from its hand-over to Kafka to its end. A message whose row is not sampled has none. */
export type BatchTrace = {
  /** The message for Kafka; where it is traced, with the context of its span instead of the row's. The same each time. */
  toEvent: (message: RelayMessage) => KafkaMessage;
  /** `send` within a span of its own, where some of the messages, which `toEvent` made, are traced. */
  traced: (send: Send) => Send;
  /** Kafka has all but the refused ones: the spans end. @returns those of the messages that it has */
  settle: (refusals: readonly Refusal[]) => ReadonlyMap<RelayMessage, SpanContext>;
};

/** Follows batches, one after the other. */
export type BatchTraces = {
  /** The spans of a batch: begun the first time, the same for each further try of the same batch. */
  of: (batch: Pick<Batch, 'kind' | 'messages'>) => BatchTrace;
  /** The last batch, if it is not settled yet, will not come again: its spans end as failed. */
  forget: () => void;
};

/** Lanes moved, the session was lost or the batch was put off: whoever takes its messages up makes spans of their own. */
const forgotten = 'batch_forgotten';

/**
 * Makes spans of what is published. A session hands out one batch at a time and the same one until it is acknowledged: so
 * the spans of one are kept, and where another one comes the one before is over.
 * @param now milliseconds since 1970
 */
export function traceBatches(now: () => number = Date.now): BatchTraces {
  let current: { batch: object; spans: Map<RelayMessage, Span> } | undefined;
  const settled = () => void (current = undefined);
  const forget = () => {
    for (const span of current?.spans.values() ?? []) {
      failSpan(span, forgotten);
      span.end();
    }
    current = undefined;
  };
  return {
    of: (batch) => {
      if (current?.batch !== batch) {
        forget();
        current = { batch, spans: startSpans(batch, now()) };
      }
      return batchTrace(current.spans, settled);
    },
    forget,
  };
}

function startSpans({ kind, messages }: Pick<Batch, 'kind' | 'messages'>, nowMs: number) {
  const spans = new Map<RelayMessage, Span>();
  for (const message of messages) {
    const span = startCreateSpan(message, { kind, nowMs });
    if (span) spans.set(message, span);
  }
  return spans;
}

function batchTrace(spans: ReadonlyMap<RelayMessage, Span>, settled: () => void): BatchTrace {
  const creates = new Map<KafkaMessage, Span>();
  return {
    toEvent: (message) => {
      const event = toKafkaMessage(message);
      const span = spans.get(message);
      if (!span) return event;
      const traced = { ...event, headers: inContextOf(span, event.headers) };
      creates.set(traced, span);
      return traced;
    },
    traced: (send) => (messages) => {
      const among = creates.size === 0 ? [] : messages.map((message) => creates.get(message)).filter(isSpan);
      return inSendSpan({ creates: among, messages }, () => send(messages));
    },
    settle: (refusals) => {
      settled();
      return endSpans(spans, refusals);
    },
  };
}

const isSpan = (span: Span | undefined): span is Span => span !== undefined;

function endSpans(spans: ReadonlyMap<RelayMessage, Span>, refusals: readonly Refusal[]) {
  const acknowledged = new Map<RelayMessage, SpanContext>();
  if (spans.size === 0) return acknowledged;
  const refused = new Map(refusals.map((refusal) => [refusal.message, refusal]));
  for (const [message, span] of spans) {
    const refusal = refused.get(message);
    if (refusal) failSpan(span, refusal.code);
    else acknowledged.set(message, span.spanContext());
    span.end();
  }
  return acknowledged;
}
