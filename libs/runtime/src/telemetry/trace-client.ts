import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

import { flushAtExit, flushNow } from './flush-at-exit.ts';
import { readTelemetryConfig } from './config.ts';
import { samplerOf } from './sampler.ts';

/**
 * Lets a command that calls the services begin traces: its spans go to `otlpEndpoint`, or where the standard variables
 * say. Nothing is patched, and no metrics are made, so this costs a fraction of the preload's time (0.2 s of 0.9 s). To be
 * imported only where there is somewhere to send to. End with {@link endTraces}.
 * @param options.otlpEndpoint base URL, such as `http://127.0.0.1:4318`
 */
export function traceClient(options: { service: string; otlpEndpoint?: string | undefined }): void {
  const { disabled, exports, sampler } = readTelemetryConfig();
  if (disabled || (!exports && !options.otlpEndpoint)) return;
  const url = exports ? undefined : `${options.otlpEndpoint?.replace(/\/$/, '')}/v1/traces`;
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': options.service }),
    sampler: samplerOf(sampler),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter(url ? { url } : {}) })],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  flushAtExit(() => provider.shutdown());
}

/** Sends what was not sent yet. A trace is no reason to wait: it is given up after a second. */
export async function endTraces(): Promise<void> {
  await flushNow({ limitMs: 1000 });
}
