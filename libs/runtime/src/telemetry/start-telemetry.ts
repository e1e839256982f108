import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { PinoInstrumentation } from '@opentelemetry/instrumentation-pino';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { envDetector, hostDetector, osDetector, serviceInstanceIdDetector } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node';

import type { TelemetryConfig } from './config.ts';
import { flushAtExit, flushNow } from './flush-at-exit.ts';
import { serveMetricsOf } from './metrics-page.ts';
import { redactOutgoingUrl, redactRequest } from './redact-outgoing-url.ts';
import { samplerOf } from './sampler.ts';

/**
 * Starts OpenTelemetry from the standard `OTEL_*` variables: traces over OTLP, metrics for `/metrics`. Without an endpoint
 * (and without an exporter named in `OTEL_TRACES_EXPORTER`) no span is made, and a `traceparent` that comes in is still
 * handed on. With `OTEL_SDK_DISABLED=true` nothing is patched or measured. What was not sent yet is flushed when the
 * process ends.
 */
export function startTelemetry({
  exports,
  linkCountLimit,
  sampler,
}: Omit<TelemetryConfig, 'disabled'>): void {
  const sdk = new NodeSDK({
    ...instrumented(),
    metricReaders: [metricsReader()],
    sampler: samplerOf(sampler),
    ...(exports ? {} : { spanProcessors: [] }),
    ...(linkCountLimit !== undefined && { spanLimits: { linkCountLimit } }),
  });
  sdk.start();
  flushAtExit(() => sdk.shutdown());
  process.once('beforeExit', () => void flushNow().then((inTime) => inTime || process.exit()));
}

/**
 * Spans are made for what belongs to a trace that came in: polls, heartbeats and probes make none (that is what "parent"
 * asks for). gRPC has no ready instrumentation here: that of 0.300 speaks the old names, has no metrics, and sees neither
 * refused calls nor calls of unknown methods, so server and client have interceptors of their own. Logs are not sent,
 * they are on standard output. The process detector is left out: it would send the command line, whatever secret somebody
 * wrote there.
 */
function instrumented(): Partial<NodeSDKConfiguration> {
  return {
    instrumentations: [
      new PgInstrumentation({ requireParentSpan: true }),
      new UndiciInstrumentation({ requireParentforSpans: true, startSpanHook: redactOutgoingUrl }),
      new HttpInstrumentation({
        disableIncomingRequestInstrumentation: true,
        requireParentforOutgoingSpans: true,
        startOutgoingSpanHook: redactRequest,
      }),
      new PinoInstrumentation({ disableLogSending: true }),
      new RuntimeNodeInstrumentation(),
    ],
    resourceDetectors: [serviceInstanceIdDetector, hostDetector, osDetector, envDetector],
    logRecordProcessors: [],
  };
}

/** Collects when it is asked to: `/metrics` is served beside `/readyz`, not by the exporter's own server. */
function metricsReader(): PrometheusExporter {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true);
  serveMetricsOf({
    collect: () => reader.collect(),
    serialize: (metrics) => serializer.serialize(metrics),
  });
  return reader;
}
