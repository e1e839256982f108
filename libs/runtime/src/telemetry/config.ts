import { samplerNames } from './sampler-choice.ts';
import type { SamplerChoice } from './sampler-choice.ts';

/** What telemetry is told by the environment. */
export type TelemetryConfig = {
  /** Nothing is patched, measured or sent. */
  disabled: boolean;
  /** There is somewhere to send traces. */
  exports: boolean;
  /** How many links a span may have; undefined: the environment says it to the SDK. */
  linkCountLimit: number | undefined;
  sampler: SamplerChoice;
};

/** A batch or a digest links to all of its messages, of which there are a thousand at most. The SDK keeps 128. */
const linksOfOneSpan = 1000;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads what decides about telemetry from the standard variables; the SDK reads the rest of them itself
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
 * @throws Error that names a bad variable: a misspelt sampler would keep every trace
 */
export function readTelemetryConfig(env: Environment = process.env): TelemetryConfig {
  const given = (name: string) => Boolean(env[name]?.trim());
  return {
    disabled: env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true',
    exports:
      given('OTEL_EXPORTER_OTLP_ENDPOINT') ||
      given('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ||
      given('OTEL_TRACES_EXPORTER'),
    linkCountLimit: given('OTEL_SPAN_LINK_COUNT_LIMIT') ? undefined : linksOfOneSpan,
    sampler: readSampler(env),
  };
}

function readSampler(env: Environment): SamplerChoice {
  const named = env['OTEL_TRACES_SAMPLER']?.trim() || 'parentbased_always_on';
  const name = samplerNames.find((known) => known === named);
  if (!name) throw new Error(`OTEL_TRACES_SAMPLER must be one of ${samplerNames.join(', ')}`);
  const ratio = Number(env['OTEL_TRACES_SAMPLER_ARG']?.trim() || '1');
  if (!(ratio >= 0 && ratio <= 1)) throw new Error('OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1');
  return { name, ratio };
}
