import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';

/** A series as it stands: a number, or of a histogram how many there are and their sum. */
type Series = { labels: object; value: number | { count: number; sum: number | undefined } };

/** Keeps the metrics of this process until it is disposed of. */
export function collectMetrics() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  return {
    seriesOf: async (name: string): Promise<Series[]> => {
      const { resourceMetrics } = await reader.collect();
      const found = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
      return found
        .filter(({ descriptor }) => descriptor.name === name)
        .flatMap(({ dataPointType, dataPoints }) =>
          dataPoints.map(({ attributes, value }) => ({
            labels: attributes,
            value:
              dataPointType === DataPointType.HISTOGRAM && typeof value === 'object'
                ? { count: value.count, sum: (value as { sum?: number }).sum }
                : (value as number),
          })),
        );
    },
    [Symbol.asyncDispose]: async () => {
      metrics.disable();
      await reader.shutdown();
    },
  };
}
