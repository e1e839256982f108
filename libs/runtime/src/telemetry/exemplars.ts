import { isSpanContextValid, metrics, TraceFlags } from '@opentelemetry/api';
import type { SpanContext } from '@opentelemetry/api';

import { prometheusName } from './prometheus-name.ts';

/** Labels of a series. Few different values, none of a person or a payment. */
export type Labels = Readonly<Record<string, string>>;

/** A histogram that remembers a trace for each bucket. */
export type TracedHistogram = {
  /** @param of the span that was measured: of a sampled one the bucket keeps the trace */
  record: (value: number, labels: Labels, of?: SpanContext) => void;
};

/** The newest exemplar of each bucket, as OpenMetrics writes it, by the series that `/metrics` shows. */
const newest = new Map<string, string>();

/** How many are kept: the SDK keeps 2,000 series of an instrument, and each has some buckets that are in use. */
const mostKept = 10_000;

/**
 * A histogram of the global meter, with exemplars: the way from a slow bucket to a trace that was in it
 * (https://prometheus.io/docs/specs/om/open_metrics_spec/#exemplars). The SDK of JavaScript, 3.1, has none yet.
 * @param options.unit as UCUM writes it, `s` for seconds
 * @param options.boundaries upper bounds of the buckets, ascending
 */
export function createTracedHistogram(options: {
  meter: string;
  name: string;
  description: string;
  unit: string;
  boundaries: readonly number[];
}): TracedHistogram {
  const { meter, name, description, unit, boundaries } = options;
  const advice = { explicitBucketBoundaries: [...boundaries] };
  const histogram = metrics.getMeter(meter).createHistogram(name, { description, unit, advice });
  const series = `${prometheusName(name, unit)}_bucket`;
  return {
    record: (value, labels, of) => {
      histogram.record(value, labels);
      if (!of || !isSpanContextValid(of) || (of.traceFlags & TraceFlags.SAMPLED) === 0) return;
      const bound = boundaries.find((upper) => value <= upper);
      keep(seriesName(series, labels, bound), exemplar(value, of));
    },
  };
}

/** A full memory begins anew: what is still measured is soon there again, what is not was of no use. */
function keep(series: string, written: string): void {
  if (newest.size >= mostKept && !newest.has(series)) newest.clear();
  newest.set(series, written);
}

/** What follows the value of a bucket's line, ` # {…} value time`; undefined for a bucket without a trace. */
export const exemplarOf = (series: string): string | undefined => newest.get(series);

const seriesName = (name: string, labels: Labels, bound: number | undefined): string => {
  const pairs = Object.entries({ ...labels, le: bound === undefined ? '+Inf' : String(bound) });
  return `${name}{${pairs.map(([label, value]) => `${label.replace(/\W+/g, '_')}="${value}"`).join()}}`;
};

const exemplar = (value: number, { traceId, spanId }: SpanContext): string =>
  ` # {trace_id="${traceId}",span_id="${spanId}"} ${value} ${Date.now() / 1000}`;
