/**
 * Writes what Grafana and Kubernetes read from what people do: `deploy/dashboards/payments.json` from `tools/dashboard/rows`,
 * and `deploy/alerts/prometheus-rule.yaml` from the alert rules beside it. With `--check` it writes nothing, and fails when
 * a file is not what it would write.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildDashboard } from './dashboard/build-dashboard.ts';
import { rows } from './dashboard/rows.ts';

const at = (name: string) => join(import.meta.dirname, '..', name);
const rules = 'deploy/alerts/payments.rules.yaml';

const made = [
  { name: 'deploy/dashboards/payments.json', text: `${JSON.stringify(buildDashboard(rows), null, 2)}\n` },
  { name: 'deploy/alerts/prometheus-rule.yaml', text: asPrometheusRule(await readFile(at(rules), 'utf8')) },
];

for (const { name, text } of made) {
  if (!process.argv.includes('--check')) {
    await writeFile(at(name), text);
    console.log(`wrote ${name}`);
  } else if (text !== (await readFile(at(name), 'utf8').catch(() => ''))) {
    console.error(
      `${name} is not what tools/dashboard.ts makes. Run \`npm run dashboard\` and commit the result.`,
    );
    process.exitCode = 1;
  }
}

/** The rules as the Prometheus operator takes them: the groups of the file, as they stand, below `spec`. */
function asPrometheusRule(file: string): string {
  const groups = file.slice(file.search(/^groups:/m)).replace(/^(?=.)/gm, '  ');
  return `# Made by \`npm run dashboard\` from payments.rules.yaml.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: { name: payments }
spec:
${groups}`;
}
