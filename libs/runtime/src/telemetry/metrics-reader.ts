import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { AggregationTemporality, InstrumentType } from '@opentelemetry/sdk-metrics';

import { serveMetricsOf } from './metrics-page.ts';

/**
 * A reader for the meter provider, from which `/metrics` is made from now on. It collects when it is asked to: the page is served
 * beside `/readyz`, not by the exporter's own server.
 */
export function openMetricsReader(): PrometheusExporter {
  const reader = new PrometheusExporter({ preventServerStart: true });
  reader.selectAggregationTemporality = temporalityOf;
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true);
  serveMetricsOf({
    collect: () => reader.collect(),
    serialize: (metrics) => serializer.serialize(metrics),
  });
  return reader;
}

/**
 * What a gauge does not observe any more is gone: cumulatively, the SDK repeats its last value for ever, the lag of a partition that
 * another notifier has now, or of an outbox that cannot be asked. By delta it shows what this collection observed.
 */
const temporalityOf = (instrument: InstrumentType): AggregationTemporality =>
  instrument === InstrumentType.OBSERVABLE_GAUGE
    ? AggregationTemporality.DELTA
    : AggregationTemporality.CUMULATIVE;
