import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { familyOf } from './promql.fixture.ts';

const root = join(import.meta.dirname, '../../../..');

/** The files that people run the system by. */
export const documents = {
  rules: join(root, 'deploy/alerts/payments.rules.yaml'),
  ruleTests: join(root, 'deploy/alerts/payments.test.yaml'),
  composePrometheus: join(root, 'deploy/compose/prometheus.yml'),
  dashboard: join(root, 'deploy/dashboards/payments.json'),
  metrics: join(root, 'docs/metrics.md'),
  runbook: join(root, 'docs/runbook.md'),
  root,
};

/** An alert as `payments.rules.yaml` has it. */
export interface Alert {
  alert: string;
  expr: string;
  for?: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/** Every alert, in the order of the file. */
export async function readAlerts(): Promise<Alert[]> {
  const { groups } = parse(await readFile(documents.rules, 'utf8')) as { groups: { rules: Alert[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** The names of the jobs of docker-compose.yml's Prometheus. */
export async function readComposeJobs(): Promise<string[]> {
  const config = parse(await readFile(documents.composePrometheus, 'utf8')) as {
    scrape_configs: { job_name: string }[];
  };
  return config.scrape_configs.map(({ job_name: job }) => job);
}

/** How often each alert is expected to fire, and not to, by `payments.test.yaml`. */
export async function readCases(): Promise<Map<string, { fires: number; silent: number }>> {
  type Expected = { alertname: string; exp_alerts?: unknown[] };
  const { tests } = parse(await readFile(documents.ruleTests, 'utf8')) as {
    tests: { alert_rule_test: Expected[] }[];
  };
  const cases = new Map<string, { fires: number; silent: number }>();
  for (const { alertname, exp_alerts = [] } of tests.flatMap((test) => test.alert_rule_test)) {
    const { fires, silent } = cases.get(alertname) ?? { fires: 0, silent: 0 };
    const fired = exp_alerts.length > 0 ? 1 : 0;
    cases.set(alertname, { fires: fires + fired, silent: silent + 1 - fired });
  }
  return cases;
}

/** A metric of the catalogue: a name, or the beginning of names that share one line. */
export interface CataloguedMetric {
  name: string;
  labels: string[];
  /** The line stands for all names that begin so. */
  prefix: boolean;
  histogram: boolean;
  /** Whose it is, as the table says: `relay`, or `all`. */
  of: string[];
}

/** The table of docs/metrics.md. */
export async function readCatalogue(): Promise<CataloguedMetric[]> {
  const rows = (await readFile(documents.metrics, 'utf8')).matchAll(
    /^\| (`[^|]+) \| ([^|]+) \| ([^|]+) \|$/gm,
  );
  return [...rows].flatMap(([, names = '', of = '', says = '']) =>
    [...names.matchAll(/`(\w+)(\*?)(?:\{([^}]*)\})?`/g)].map(([, name = '', star, labels = '']) => ({
      name,
      labels: labels.split(',').filter((label) => /^\w+$/.test(label)),
      prefix: star === '*',
      histogram: says.trim().startsWith('histogram'),
      of: of.trim().split(', '),
    })),
  );
}

/** Whether a line of the catalogue stands for a metric, or for one of the series of a histogram. */
export const isIn = (catalogue: readonly CataloguedMetric[], metric: string): boolean =>
  catalogue.some(({ name, prefix }) =>
    prefix ? metric.startsWith(name) : [metric, familyOf(metric)].includes(name),
  );

/** A panel of the dashboard, with what it asks Prometheus. */
export interface Panel {
  title: string;
  description?: string;
  expressions: string[];
  exemplars: boolean;
}

type PanelJson = {
  title: string;
  description?: string;
  panels?: PanelJson[];
  targets?: { expr: string; exemplar?: boolean }[];
};

/** Every panel that asks something, with Grafana's variables set as a person would: all jobs, five minutes. */
export async function readPanels(): Promise<Panel[]> {
  const { panels } = JSON.parse(await readFile(documents.dashboard, 'utf8')) as { panels: PanelJson[] };
  return panels
    .flatMap((panel) => [panel, ...(panel.panels ?? [])])
    .filter(({ targets = [] }) => targets.length > 0)
    .map(({ title, description, targets = [] }) => ({
      title,
      ...(description !== undefined && { description }),
      expressions: targets.map(({ expr }) => withVariables(expr)),
      exemplars: targets.some(({ exemplar }) => exemplar),
    }));
}

const withVariables = (expression: string) =>
  expression.replaceAll('$__rate_interval', '1m').replaceAll('$__range', '5m').replaceAll('$instance', '.*');

/** A second heading of the run book, and what stands below it. */
export interface Section {
  heading: string;
  text: string;
}

/** The sections of docs/runbook.md. */
export async function readRunbook(): Promise<Section[]> {
  const [, ...sections] = (await readFile(documents.runbook, 'utf8')).split(/^## /m);
  return sections.map((section) => {
    const end = section.indexOf('\n');
    return { heading: section.slice(0, end).trim(), text: section.slice(end + 1) };
  });
}

/** The lines of the blocks of one language in a text. */
export const linesOf = (language: string, text: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].flatMap(([, block = '']) =>
    block.trim().split('\n'),
  );
