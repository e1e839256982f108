import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { ConsoleSpanExporter } from '@opentelemetry/sdk-trace';
import type { SpanExporter } from '@opentelemetry/sdk-trace';

import type { ExporterName } from './config.ts';

/** By the name in the environment. All are loaded, as the SDK does it in any case. */
export const traceExporters: Record<ExporterName, () => SpanExporter | undefined> = {
  none: () => undefined,
  console: () => new ConsoleSpanExporter(),
  'http/protobuf': () => new ProtobufExporter(),
  'http/json': () => new JsonExporter(),
  grpc: () => new GrpcExporter(),
};
