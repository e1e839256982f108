import { samplerNames } from './sampler-choice.ts';
import type { SamplerChoice } from './sampler-choice.ts';

/** Where spans go: nowhere, to standard output, or over OTLP by one of its protocols. */
export type ExporterName = 'none' | 'console' | OtlpProtocol;

const otlpProtocols = ['http/protobuf', 'http/json', 'grpc'] as const;
type OtlpProtocol = (typeof otlpProtocols)[number];

/** How spans wait to be sent. Times are in milliseconds. */
export type SpanBatches = {
  /** How many wait at most; what comes beyond is dropped. */
  maxQueueSize: number;
  maxExportBatchSize: number;
  scheduledDelayMillis: number;
  exportTimeoutMillis: number;
};

/** What telemetry is told by the environment. */
export type TelemetryConfig = {
  /** Nothing is patched, measured or sent. */
  disabled: boolean;
  /** Undefined where the environment says nothing of it. */
  exporter: ExporterName | undefined;
  batches: SpanBatches;
  /** How many links a span may have; undefined: the environment says it to the SDK. */
  linkCountLimit: number | undefined;
  /** How many characters an attribute of a span may have; undefined: the environment says it to the SDK. */
  attributeValueLengthLimit: number | undefined;
  sampler: SamplerChoice;
};

/** A batch or a digest links to all of its messages, of which there are a thousand at most. The SDK keeps 128. */
const linksOfOneSpan = 1000;

/** Whoever writes a message or a statement decides how long its names are, and thousands of spans may wait. The SDK cuts nothing. */
const charactersOfOneAttribute = 4096;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads what decides about telemetry from the standard variables; the SDK reads the rest of them itself
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
 * @throws Error that names a bad variable: a misspelt sampler would keep every trace, a misspelt exporter send none
 */
export function readTelemetryConfig(env: Environment = process.env): TelemetryConfig {
  return {
    disabled: env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true',
    exporter: readExporter(env),
    batches: readBatches(env),
    linkCountLimit: env['OTEL_SPAN_LINK_COUNT_LIMIT']?.trim() ? undefined : linksOfOneSpan,
    attributeValueLengthLimit:
      env['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT']?.trim() ||
      env['OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT']?.trim()
        ? undefined
        : charactersOfOneAttribute,
    sampler: readSampler(env),
  };
}

function readExporter(env: Environment): ExporterName | undefined {
  const given = (variable: string) => Boolean(env[variable]?.trim());
  const endpoint = given('OTEL_EXPORTER_OTLP_ENDPOINT') || given('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  if (!endpoint && !given('OTEL_TRACES_EXPORTER')) return undefined;
  const kind = oneOf(env, 'OTEL_TRACES_EXPORTER', ['none', 'otlp', 'console'], 'otlp');
  if (kind !== 'otlp') return kind;
  const ofAll = oneOf(env, 'OTEL_EXPORTER_OTLP_PROTOCOL', otlpProtocols, 'http/protobuf');
  return oneOf(env, 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', otlpProtocols, ofAll);
}

/**
 * What waits is bounded, 8,192 spans of about 2 kB, so that a collector that is away costs no more memory than that; and it
 * is enough for the rush of some hundred payments at once with all their spans, where the SDK's 2,048 were not. After a
 * second a trace can be looked at; the SDK has one wait for 5 s.
 */
function readBatches(env: Environment): SpanBatches {
  const maxQueueSize = positive(env, 'OTEL_BSP_MAX_QUEUE_SIZE', 8192);
  return {
    maxQueueSize,
    maxExportBatchSize: positive(env, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE', Math.min(512, maxQueueSize)),
    scheduledDelayMillis: positive(env, 'OTEL_BSP_SCHEDULE_DELAY', 1000),
    exportTimeoutMillis: positive(env, 'OTEL_BSP_EXPORT_TIMEOUT', 30_000),
  };
}

function readSampler(env: Environment): SamplerChoice {
  const name = oneOf(env, 'OTEL_TRACES_SAMPLER', samplerNames, 'parentbased_always_on');
  const ratio = Number(env['OTEL_TRACES_SAMPLER_ARG']?.trim() || '1');
  if (!(ratio >= 0 && ratio <= 1)) throw new Error('OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1');
  return { name, ratio };
}

function oneOf<T extends string>(env: Environment, variable: string, known: readonly T[], usual: T): T {
  const named = env[variable]?.trim() || usual;
  const found = known.find((name) => name === named);
  if (found === undefined) throw new Error(`${variable} must be one of ${known.join(', ')}`);
  return found;
}

function positive(env: Environment, variable: string, usual: number): number {
  const number = Number(env[variable]?.trim() || usual);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new Error(`${variable} must be a whole number above 0`);
  return number;
}
