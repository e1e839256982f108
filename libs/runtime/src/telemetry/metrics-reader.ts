import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { PrometheusExporter } from '@opentelemetry/exporter-prometheus';

import { serveMetricsOf } from './metrics-page.ts';
import { pageReader } from './page-reader.ts';

/**
 * A reader for the meter provider, from which `/metrics` is made from now on.
 * @param options.withinMs how long, in milliseconds, an observation is waited for, 5,000 when not given: a scrape of Prometheus'
 *   has 10 s, and one that hangs must not take all other series along
 */
export function openMetricsReader({ withinMs = 5000 }: { withinMs?: number } = {}): PrometheusExporter {
  const reader = pageReader();
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true);
  serveMetricsOf({
    collect: () => reader.collect({ timeoutMillis: withinMs }),
    serialize: (metrics) => serializer.serialize(metrics),
  });
  return reader;
}
