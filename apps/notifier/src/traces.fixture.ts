import { context, propagation, SpanKind, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** For specs: a trace that a message comes with. */
export type Origin = { traceId: string; spanId: string; traceparent: string };

/** For specs: the spans of this process that have ended. */
export type Traces = {
  spans(): ReadableSpan[];
  named(name: string): ReadableSpan[];
  below(span: ReadableSpan | undefined): ReadableSpan[];
  reset(): void;
};

/**
 * For specs: keeps every span of the spec file's process in memory, for all of its life, since OpenTelemetry is global. Statements
 * make spans as they do under the preload, by the same rule: only below a span. Loaders that patch `pg` itself do not reach into jest.
 */
export function keepTraces(): Traces {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(
    new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
  );
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  traceStatements();
  const spans = () => exporter.getFinishedSpans();
  return {
    spans,
    named: (name) => spans().filter((span) => span.name === name),
    below: (span) =>
      spans().filter(({ parentSpanContext: parent }) => span && parent?.spanId === span.spanContext().spanId),
    reset: () => exporter.reset(),
  };
}

type Query = (this: pg.Client, ...args: unknown[]) => unknown;

function traceStatements(): void {
  const client = pg.Client.prototype as unknown as { query: Query };
  const { query } = client;
  client.query = function traced(...args) {
    const [statement] = args;
    const text = typeof statement === 'string' ? statement : (statement as { text: string }).text;
    if (trace.getActiveSpan())
      trace
        .getTracer('pg')
        .startSpan(`sql ${whatItDoes(text)}`, { kind: SpanKind.CLIENT })
        .end();
    return query.apply(this, args);
  };
}

/** Statements by what is told apart here. */
function whatItDoes(text: string): string {
  if (text.includes('post_size = (select count(*) from ours)')) return 'begin';
  if (text.includes(`'TOLD', clock_timestamp()`)) return 'mark';
  if (text.includes('set post = $4')) return 'not posted';
  if (text.includes(`state = 'REFUSED', reason`)) return 'refuse';
  return text.trim().split(/\s+/).slice(0, 8).join(' ');
}

/** For specs: a new trace, which is kept but for what is wished. */
export function anOrigin({ sampled = true } = {}): Origin {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${sampled ? '01' : '00'}` };
}
