/**
 * Writes `deploy/dashboards/payments.json` from `tools/dashboard/rows`; with `--check` it writes nothing, and fails when
 * the file is not what it would write.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildDashboard } from './dashboard/build-dashboard.ts';
import { rows } from './dashboard/rows.ts';

const name = 'deploy/dashboards/payments.json';
const file = join(import.meta.dirname, '..', name);
const fresh = `${JSON.stringify(buildDashboard(rows), null, 2)}\n`;

if (!process.argv.includes('--check')) {
  await writeFile(file, fresh);
  console.log(`wrote ${name}`);
} else if (fresh !== (await readFile(file, 'utf8').catch(() => ''))) {
  console.error(
    `${name} is not what tools/dashboard makes. Run \`npm run dashboard\` and commit the result.`,
  );
  process.exitCode = 1;
}
