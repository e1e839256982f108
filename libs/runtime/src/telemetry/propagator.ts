import type { TextMapPropagator } from '@opentelemetry/api';
import {
  CompositePropagator,
  getStringListFromEnv,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';

/** That of Zipkin is loaded only where it is asked for. */
const propagators: Record<string, () => Promise<TextMapPropagator> | TextMapPropagator> = {
  tracecontext: () => new W3CTraceContextPropagator(),
  baggage: () => new W3CBaggagePropagator(),
  b3: async () => new (await import('@opentelemetry/propagator-b3')).B3Propagator(),
  b3multi: async () => {
    const { B3InjectEncoding, B3Propagator } = await import('@opentelemetry/propagator-b3');
    return new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER });
  },
};

/**
 * How a request carries the trace that it belongs to, by the standard's variable `OTEL_PROPAGATORS`: a name that is not known here
 * is passed over. With `none` nothing is carried.
 */
export async function openPropagator(): Promise<TextMapPropagator> {
  const names = getStringListFromEnv('OTEL_PROPAGATORS') ?? ['tracecontext', 'baggage'];
  const asked = names.includes('none') ? [] : new Set(names);
  const opened: TextMapPropagator[] = [];
  for (const name of asked) {
    const open = propagators[name];
    if (open) opened.push(await open());
  }
  return new CompositePropagator({ propagators: opened });
}
