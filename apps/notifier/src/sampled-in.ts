import { trace, TraceFlags } from '@opentelemetry/api';
import type { Context, SpanContext } from '@opentelemetry/api';

/** The span that a context holds, where its trace is kept. Of one that is not there is nothing to see, and nothing to link to. */
export function sampledIn(holder: Context): SpanContext | undefined {
  const span = trace.getSpanContext(holder);
  return span && (span.traceFlags & TraceFlags.SAMPLED) !== 0 ? span : undefined;
}
