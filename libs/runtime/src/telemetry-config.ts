/**
 * Whether telemetry runs at all, and whether it has somewhere to send traces. `linkCountLimit`: how many links a span may
 * have, where the environment does not say it.
 */
export type TelemetryConfig = { disabled: boolean; exports: boolean; linkCountLimit: number | undefined };

/** A batch or a digest links to all of its messages, of which there are a thousand at most. The SDK keeps 128. */
const linksOfOneSpan = 1000;

/**
 * Reads what decides about telemetry from the standard variables; the SDK reads the rest of them itself
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
 */
export function readTelemetryConfig(
  env: Readonly<Record<string, string | undefined>> = process.env,
): TelemetryConfig {
  const given = (name: string) => Boolean(env[name]?.trim());
  return {
    disabled: env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true',
    exports:
      given('OTEL_EXPORTER_OTLP_ENDPOINT') ||
      given('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ||
      given('OTEL_TRACES_EXPORTER'),
    linkCountLimit: given('OTEL_SPAN_LINK_COUNT_LIMIT') ? undefined : linksOfOneSpan,
  };
}
