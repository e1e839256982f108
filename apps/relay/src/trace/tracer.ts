import { SpanStatusCode, trace } from '@opentelemetry/api';
import type { Span, Tracer } from '@opentelemetry/api';

/** The relay's tracer: one that does nothing where telemetry is off. */
export const tracer = (): Tracer => trace.getTracer('@payments/relay');

/** Ends a span as failed. `code`: one of few, such as the broker's name of the error. */
export function endFailed(span: Span, { code, message }: { code: string; message: string }): void {
  span.setAttribute('error.type', code);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  span.end();
}
