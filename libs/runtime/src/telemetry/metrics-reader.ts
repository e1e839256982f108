import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { PrometheusExporter } from '@opentelemetry/exporter-prometheus';

import { serveMetricsOf } from './metrics-page.ts';
import { pageReader } from './page-reader.ts';

/** A reader for the meter provider, from which `/metrics` is made from now on. */
export function openMetricsReader(): PrometheusExporter {
  const reader = pageReader();
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true);
  serveMetricsOf({
    collect: () => reader.collect(),
    serialize: (metrics) => serializer.serialize(metrics),
  });
  return reader;
}
