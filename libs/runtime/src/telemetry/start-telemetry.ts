import { createRequire, syncBuiltinESMExports } from 'node:module';
import { context, diag, DiagConsoleLogger, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { diagLogLevelFromString, getStringFromEnv, isTracingSuppressed } from '@opentelemetry/core';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { PinoInstrumentation } from '@opentelemetry/instrumentation-pino';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import {
  defaultResource,
  detectResources,
  envDetector,
  hostDetector,
  osDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import type { Resource } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { TracerProvider } from '@opentelemetry/sdk-trace';

import type { TelemetryConfig } from './config.ts';
import { flushAtExit, flushNow } from './flush-at-exit.ts';
import { openMetricsReader } from './metrics-reader.ts';
import { openPropagator } from './propagator.ts';
import { redactOutgoingUrl, redactRequest } from './redact-outgoing-url.ts';
import { samplerOf } from './sampler.ts';
import { sayOfSending } from './say-of-sending.ts';
import { serviceNameOf } from './service-name.ts';
import { openSpanQueue } from './span-queue.ts';
import { spanLimitsOf } from './span-limits.ts';
import { traceExporters } from './trace-exporter.ts';
import { withoutLiterals } from './without-literals.ts';

/**
 * Starts OpenTelemetry from the standard `OTEL_*` variables: traces over OTLP, metrics for `/metrics`. Without an endpoint
 * (and without an exporter named in `OTEL_TRACES_EXPORTER`) no span is made, and a `traceparent` that comes in is still
 * handed on. What was not sent yet is flushed when the process ends.
 *
 * Put together here and not by `NodeSDK`, which loads all exporters of traces, metrics and logs over every protocol, whichever is
 * used: with it a relay took 1.3 times the processor time to start, and 17 MB more.
 */
export async function startTelemetry(config: Omit<TelemetryConfig, 'disabled'>): Promise<void> {
  const logLevel = diagLogLevelFromString(getStringFromEnv('OTEL_LOG_LEVEL'));
  if (logLevel !== undefined) diag.setLogger(new DiagConsoleLogger(), { logLevel });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(await openPropagator());
  const resource = namedResource();
  const meterProvider = new MeterProvider({ resource, readers: [openMetricsReader()] });
  metrics.setGlobalMeterProvider(meterProvider);
  const tracerProvider = await openTracerProvider(config, resource);
  if (tracerProvider) trace.setGlobalTracerProvider(tracerProvider);
  startInstrumentations();
  flushAtExit(async () => {
    await Promise.all([tracerProvider?.shutdown(), meterProvider.shutdown()]);
  });
  process.once('beforeExit', () => void flushNow().then((inTime) => inTime || process.exit()));
}

/** None where spans go nowhere. */
async function openTracerProvider(
  { exporter, batches, sampler, ...limits }: Omit<TelemetryConfig, 'disabled'>,
  resource: Resource,
): Promise<TracerProvider | undefined> {
  const sending = exporter && (await traceExporters[exporter]());
  return (
    sending &&
    new TracerProvider({
      resource,
      sampler: samplerOf(sampler),
      spanProcessors: [openSpanQueue({ exporter: sending, batches, news: sayOfSending })],
      spanLimits: spanLimitsOf(limits),
    })
  );
}

/**
 * What the environment says comes over it. The process detector is left out: it would send the command line, whatever secret
 * somebody wrote there.
 */
function namedResource(): Resource {
  const name = serviceNameOf(process.argv[1]);
  const detectors = [serviceInstanceIdDetector, hostDetector, osDetector, envDetector];
  return defaultResource()
    .merge(resourceFromAttributes(name === undefined ? {} : { 'service.name': name }))
    .merge(detectResources({ detectors }));
}

/**
 * How often, in milliseconds, a timer looks whether the event loop is late. An idle relay takes 0.55 % of a core without such a
 * look, 0.95-1.05 % with the default of 10 ms, 0.85-0.90 % with 20, and 0.55 % with this. The price: what the delay's metrics say
 * includes it, so 0.1 s there means none; and a delay is seen that lasts, not one of milliseconds. The timer keeps no process alive.
 */
const eventLoopLookMs = 100;

/**
 * Spans are made for what belongs to a trace that came in: polls, heartbeats and probes make none (that is what "parent"
 * asks for). gRPC has no ready instrumentation here: that of 0.300 speaks the old names, has no metrics, and sees neither
 * refused calls nor calls of unknown methods, so server and client have interceptors of their own. Logs are not sent,
 * they are on standard output.
 */
function startInstrumentations(): void {
  new PgInstrumentation({
    requireParentSpan: true,
    requestHook: (span, { query }) => {
      if (span.isRecording()) span.setAttribute('db.query.text', withoutLiterals(query.text));
    },
  });
  new UndiciInstrumentation({ requireParentforSpans: true, startSpanHook: redactOutgoingUrl });
  new HttpInstrumentation({
    disableIncomingRequestInstrumentation: true,
    // The exporter's own: they are no calls of the service, whose metrics would show an ill collector as ill partners.
    ignoreOutgoingRequestHook: () => isTracingSuppressed(context.active()),
    requireParentforOutgoingSpans: true,
    startOutgoingSpanHook: redactRequest,
  });
  // Patched when they are first required from now on, for good, and in place; what is imported of them by name is told of it.
  const require = createRequire(import.meta.url);
  for (const name of ['http', 'https']) require(name);
  syncBuiltinESMExports();
  new PinoInstrumentation({ disableLogSending: true });
  // It makes its instruments when it is told of the provider, and at no other time.
  const runtime = new RuntimeNodeInstrumentation({ monitoringPrecision: eventLoopLookMs });
  runtime.setMeterProvider(metrics.getMeterProvider());
}
