import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { TracerProvider } from '@opentelemetry/sdk-trace';

import { flushAtExit, flushNow } from './flush-at-exit.ts';
import { readTelemetryConfig } from './config.ts';
import type { ExporterName } from './config.ts';
import { samplerOf } from './sampler.ts';
import { openSpanQueue } from './span-queue.ts';

/** How long, in milliseconds, a command tries to send a batch, repeats included; after that nothing keeps it. */
const patienceMs = 1000;

/**
 * Lets a command that calls the services begin traces: its spans go to `otlpEndpoint`, or where the standard variables
 * say, by OTLP over HTTP (where they name another exporter, none is made). Nothing is patched, and no metrics are made. Importing it takes
 * 0.16 s (the API alone 0.02 s, the preload 0.36 s), so it is to be imported only where there is somewhere to send to. End with {@link endTraces}; a collector
 * that is away or slow fails nothing.
 * @param options.otlpEndpoint base URL, such as `http://127.0.0.1:4318`
 * @throws Error that names a bad variable
 */
export function traceClient(options: { service: string; otlpEndpoint?: string | undefined }): void {
  const { disabled, exporter, batches, sampler } = readTelemetryConfig();
  const url = options.otlpEndpoint && `${options.otlpEndpoint.replace(/\/$/, '')}/v1/traces`;
  if (disabled || (exporter === undefined ? !url : !isHttp(exporter))) return;
  const sending = new OTLPTraceExporter({
    timeoutMillis: patienceMs,
    ...(exporter === undefined && url && { url }),
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': options.service }),
    sampler: samplerOf(sampler),
    spanProcessors: [openSpanQueue({ exporter: sending, batches })],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  flushAtExit(() => provider.shutdown());
}

const isHttp = (exporter: ExporterName): boolean => exporter.startsWith('http/');

/**
 * Sends what was not sent yet. A trace is no reason to wait: it is given up after a second. Never rejects.
 * @returns whether it was done in time; if not, something still tries, and keeps the process alive for a moment
 */
export async function endTraces(): Promise<boolean> {
  return await flushNow({ limitMs: patienceMs });
}
