/** What a panel asks Prometheus, and how a series of the answer is named. */
export interface Query {
  expr: string;
  legend: string;
  /** Shows the traces that Prometheus has of the histogram. */
  exemplars?: true;
}

/** A panel as this project thinks of one. */
export interface Panel {
  title: string;
  description: string;
  /** `number`: the newest value, large. `lines`: over time. `table`: the labels of the newest. */
  as: 'number' | 'lines' | 'table';
  /** As Grafana names it: `s`, `short`, `reqps`, `percentunit`, `bytes`. */
  unit: string;
  /** From which value on it is yellow, and red; where less is worse, the other way round. */
  thresholds?: { yellow?: number; red: number; lessIsWorse?: true };
  queries: Query[];
  /** The top of the axis, for shares. */
  max?: number;
}

/** A row of panels. */
export interface Row {
  title: string;
  panels: Panel[];
}

/** One line of a quantile of a histogram, by some of its labels. */
export function quantile(share: number, histogram: string, by: string[], where = ''): Query {
  const labels = [...by, 'le'].join(', ');
  const named = by.map((label) => `{{${label}}}`).join(' ');
  return {
    expr: `histogram_quantile(${share}, sum by (${labels}) (rate(${histogram}_bucket${where}[$__rate_interval])))`,
    legend: `${named} p${share * 100}`,
  };
}

/** What happens each second, by some labels. */
export function perSecond(counter: string, by: string[], where = ''): Query {
  return {
    expr: `sum by (${by.join(', ')}) (rate(${counter}${where}[$__rate_interval]))`,
    legend: by.map((label) => `{{${label}}}`).join(' '),
  };
}
