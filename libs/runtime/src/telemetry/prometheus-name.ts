/** What Prometheus calls the units of the conventions; one in braces is a remark and is left out. */
const units: Readonly<Record<string, string>> = {
  s: 'seconds',
  ms: 'milliseconds',
  By: 'bytes',
  '1': 'ratio',
};

/** The unit as Prometheus has it; empty for a count. */
export const prometheusUnit = (unit: string): string => units[unit] ?? '';

/**
 * The name of an instrument for Prometheus but for `_total`: it ends in its unit, as the conventions have it
 * (`rpc.server.call.duration` in `s` is `rpc_server_call_duration_seconds`,
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/).
 */
export function prometheusName(name: string, unit: string): string {
  const clean = name.replace(/\W+/g, '_');
  const word = prometheusUnit(unit);
  return word === '' || clean.endsWith(`_${word}`) ? clean : `${clean}_${word}`;
}
