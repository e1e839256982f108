import { ROOT_CONTEXT, defaultTextMapGetter, defaultTextMapSetter, trace } from '@opentelemetry/api';
import type { Context, Span } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';

type Headers = Readonly<Record<string, string>>;

/** What rows and messages hold is the W3C's format, whatever OTEL_PROPAGATORS says about requests. */
const w3c = new W3CTraceContextPropagator();

/** Where the flags stand in `00-{trace}-{span}-{flags}` (https://www.w3.org/TR/trace-context/#traceparent-header). */
const flags = { from: 53, to: 55, sampled: 1 };

/** Whether a row belongs to a trace that is kept. A look at the flag and no more: of a hundred rows it is one. */
export const isSampled = ({ traceparent }: Headers): boolean =>
  traceparent !== undefined &&
  (Number.parseInt(traceparent.slice(flags.from, flags.to), 16) & flags.sampled) !== 0;

/** The context in which a row was appended; undefined where its `traceparent` is malformed. */
export function contextOf(headers: Headers): Context | undefined {
  const context = w3c.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
  return trace.getSpanContext(context) && context;
}

/** The headers with the context of `span` in place of the row's. Its `tracestate` belonged to that, and goes with it. */
export function inContextOf(span: Span, { tracestate, ...headers }: Headers): Record<string, string> {
  const carrier: Record<string, string> = { ...headers };
  w3c.inject(trace.setSpan(ROOT_CONTEXT, span), carrier, defaultTextMapSetter);
  // Of one that was malformed nothing is left.
  if (tracestate !== undefined && carrier['tracestate'] === '') delete carrier['tracestate'];
  return carrier;
}
