import { ConsoleSpanExporter } from '@opentelemetry/sdk-trace';
import type { SpanExporter } from '@opentelemetry/sdk-trace';

import type { ExporterName } from './config.ts';

/**
 * By the name in the environment. Only that one is loaded: one of OTLP takes 10 MB and 60 ms of processor time, that of gRPC
 * another 9 MB and 60 ms.
 */
export const traceExporters: Record<ExporterName, () => Promise<SpanExporter | undefined>> = {
  none: () => Promise.resolve(undefined),
  console: () => Promise.resolve(new ConsoleSpanExporter()),
  'http/protobuf': async () =>
    new (await import('@opentelemetry/exporter-trace-otlp-proto')).OTLPTraceExporter(),
  'http/json': async () => new (await import('@opentelemetry/exporter-trace-otlp-http')).OTLPTraceExporter(),
  grpc: async () => new (await import('@opentelemetry/exporter-trace-otlp-grpc')).OTLPTraceExporter(),
};
