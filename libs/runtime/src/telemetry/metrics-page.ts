import type { CollectionResult, MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';

import { openMetricsType, toOpenMetrics } from './open-metrics.ts';
import { prometheusName, prometheusUnit } from './prometheus-name.ts';

/** What `/metrics` answers. */
export type MetricsPage = { contentType: string; text: string };

/** What the page is made of: set by the preload, which alone loads the SDK. */
export type MetricsSource = {
  collect(): Promise<CollectionResult>;
  /** Prometheus' text format. */
  serialize(metrics: ResourceMetrics): string;
};

let source: MetricsSource | undefined;
let collecting: Promise<CollectionResult> | undefined;

/** From now on there is a page. */
export function serveMetricsOf(metrics: MetricsSource): void {
  source = metrics;
}

/**
 * The metrics of this moment; undefined where telemetry is off. An observation that fails leaves its series out.
 * @param accept header of the request: who takes OpenMetrics gets it, exemplars included
 */
export async function metricsPage(accept = ''): Promise<MetricsPage | undefined> {
  if (!source) return undefined;
  // Two at once share one collection: what was observed for one would be missing in the other.
  collecting ??= source.collect().finally(() => (collecting = undefined));
  const { resourceMetrics } = await collecting;
  const text = source.serialize(named(resourceMetrics));
  return accept.includes('application/openmetrics-text')
    ? { contentType: openMetricsType, text: toOpenMetrics(text) }
    : { contentType: 'text/plain; version=0.0.4; charset=utf-8', text: `${text}\n` };
}

/** The exporter leaves the units out of the names. */
const named = (metrics: ResourceMetrics): ResourceMetrics => ({
  ...metrics,
  scopeMetrics: metrics.scopeMetrics.map((scoped) => ({ ...scoped, metrics: scoped.metrics.map(renamed) })),
});

function renamed(metric: MetricData): MetricData {
  const { name, unit } = metric.descriptor;
  const descriptor = { ...metric.descriptor, name: prometheusName(name, unit), unit: prometheusUnit(unit) };
  return { ...metric, descriptor };
}
