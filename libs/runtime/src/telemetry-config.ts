/** Whether telemetry runs at all, and whether it has somewhere to send traces. */
export type TelemetryConfig = { disabled: boolean; exports: boolean };

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
  };
}
