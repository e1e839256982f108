import { exemplarOf } from './exemplars.ts';

/** Media type of OpenMetrics 1.0, for which Prometheus asks first. */
export const openMetricsType = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/**
 * Prometheus' text format as OpenMetrics 1.0, which can carry exemplars: a counter's family is named without `_total`, no
 * other comments, and an end (https://prometheus.io/docs/specs/om/open_metrics_spec/).
 */
export function toOpenMetrics(text: string): string {
  const lines = text.split('\n').filter((line) => /^(?:# (?:HELP|UNIT|TYPE) |[^#])/.test(line));
  return `${lines.map(toLine).join('\n')}\n# EOF\n`;
}

function toLine(line: string): string {
  const family = /^(# (?:HELP|UNIT|TYPE) \w+?)_total( .*)$/.exec(line);
  if (family) return `${family[1] ?? ''}${family[2] ?? ''}`;
  if (!line.includes('_bucket{')) return line;
  const series = line.slice(0, line.lastIndexOf(' '));
  return line + (exemplarOf(series) ?? '');
}
