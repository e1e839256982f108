import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { AggregationTemporality, InstrumentType } from '@opentelemetry/sdk-metrics';

/**
 * Collects when it is asked to: `/metrics` is served beside `/readyz`, not by the exporter's own server.
 *
 * An observable gauge is on the page only if it was observed for that page. The SDK keeps what was ever observed of anything
 * cumulative and goes on showing it: a figure of a database that is long gone would pass for one of now.
 */
export function pageReader(): PrometheusExporter {
  const reader = new PrometheusExporter({ preventServerStart: true });
  reader.selectAggregationTemporality = (type) =>
    type === InstrumentType.OBSERVABLE_GAUGE
      ? AggregationTemporality.DELTA
      : AggregationTemporality.CUMULATIVE;
  return reader;
}
