import { GrpcInstrumentation } from '@opentelemetry/instrumentation-grpc';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { PinoInstrumentation } from '@opentelemetry/instrumentation-pino';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { envDetector, hostDetector, osDetector, serviceInstanceIdDetector } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node';

import { flushAtExit, flushNow } from './flush-at-exit.ts';
import { redactOutgoingUrl } from './redact-outgoing-url.ts';
import type { TelemetryConfig } from './telemetry-config.ts';

/**
 * Starts OpenTelemetry from the standard `OTEL_*` variables: traces only, over OTLP. Without an endpoint (and without
 * an exporter named in `OTEL_TRACES_EXPORTER`) no span is made, and a `traceparent` that comes in is still handed on.
 * With `OTEL_SDK_DISABLED=true` nothing is patched. What was not sent yet is flushed when the process ends.
 */
export function startTelemetry({ exports, linkCountLimit }: Omit<TelemetryConfig, 'disabled'>): void {
  const sdk = new NodeSDK({
    ...instrumented(),
    ...(exports ? {} : { spanProcessors: [] }),
    ...(linkCountLimit !== undefined && { spanLimits: { linkCountLimit } }),
  });
  sdk.start();
  flushAtExit(() => sdk.shutdown());
  process.once('beforeExit', () => void flushNow().then((inTime) => inTime || process.exit()));
}

/**
 * Spans are made for what belongs to a trace that came in: polls, heartbeats and probes make none (that is what "parent"
 * asks for). Logs are not sent, they are on standard output; metrics are not made yet. The process detector
 * is left out: it would send the command line, whatever secret somebody wrote there.
 */
function instrumented(): Partial<NodeSDKConfiguration> {
  return {
    instrumentations: [
      new GrpcInstrumentation({ ignoreGrpcMethods: ['Check', 'Watch', 'ServerReflectionInfo'] }),
      new PgInstrumentation({ requireParentSpan: true }),
      new UndiciInstrumentation({ requireParentforSpans: true, startSpanHook: redactOutgoingUrl }),
      new PinoInstrumentation({ disableLogSending: true }),
    ],
    resourceDetectors: [serviceInstanceIdDetector, hostDetector, osDetector, envDetector],
    logRecordProcessors: [],
    metricReaders: [],
  };
}
