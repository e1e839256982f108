import { readdir, readFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { execa } from 'execa';
import {
  chromiumRemedy,
  crdsFolder,
  findChromium,
  findCompose,
  findJaeger,
  findKubernetes,
  findPrometheus,
  prometheusRemedy,
} from '@payments/servers';
import { jestCommand } from './jest-command.ts';

const reports = '.local/reports';

/** Runs one suite, or its files of these patterns, and leaves the counts where they are told from. */
const jest = (suite: string, patterns: string[] = [], ...more: string[]): string[] => [
  ...jestCommand,
  ...patterns,
  ...[
    '--selectProjects',
    suite,
    '--json',
    `--outputFile=${reports}/${suite}${patterns.length}.json`,
    ...more,
  ],
];

/**
 * `npm test`: everything that has to hold before a change lands, cheapest first. Stops at the first step that fails.
 */
const steps: { name: string; command: string[] }[] = [
  { name: 'format', command: ['prettier', '--check', '--log-level', 'warn', '.'] },
  { name: 'boundaries', command: ['node', 'tools/check-boundaries.ts'] },
  { name: 'lint', command: ['nx', 'run-many', '-t', 'lint', '--outputStyle=static'] },
  { name: 'lint of tools', command: ['eslint', 'tools', 'deploy/checks'] },
  { name: 'types', command: ['nx', 'run-many', '-t', 'typecheck', '--outputStyle=static'] },
  { name: 'types of tools', command: ['tsc', '-p', 'tools'] },
  { name: 'generated code', command: ['node', 'tools/check-generated.ts'] },
  { name: 'dashboard', command: ['node', 'tools/dashboard.ts', '--check'] },
  { name: 'unused code', command: ['knip', '--no-progress'] },
  { name: 'unit', command: jest('unit') },
  { name: 'integration', command: jest('integration') },
  // These wait for processes to start and to end, side by side.
  { name: 'processes', command: jest('e2e', ['/apps/cli/', '/apps/payment/']) },
  // One at a time: these stop and start whole servers, and time them.
  {
    name: 'e2e',
    command: jest(
      'e2e',
      ['/apps/(?!(cli|payment)/)', '/libs/', '/examples/', '/deploy/', '/tools/'],
      '--runInBand',
    ),
  },
  // Everything small and once: that each scenario still measures, and finds all that arrived. Times are not asked for.
  { name: 'bench', command: ['node', 'apps/bench/src/main.ts', '--quick', '--no-record'] },
];

const program = new Command()
  .name('npm test --')
  .description(
    'Format, lint with boundaries, types, generated code, and all specs on real PostgreSQL and Kafka.',
  )
  .option('--only <steps...>', `run only these steps: ${steps.map(({ name }) => name).join(', ')}`)
  .showHelpAfterError('(--help explains)')
  .parse();
const { only } = program.opts<{ only?: string[] }>();
const unknown = (only ?? []).filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) program.error(`unknown step: ${unknown.join(', ')}. See --help for their names.`);

await rm(reports, { recursive: true, force: true });
await mkdir(reports, { recursive: true });
const startedAt = Date.now();
for (const { name, command } of steps) {
  if (!only || only.includes(name)) await run(name, command);
}
await tellCounts();
console.log(`all green after ${seconds(startedAt)} s`);

async function run(name: string, [file = '', ...args]: string[]): Promise<void> {
  const begun = Date.now();
  console.log(`\n--- ${name}`);
  const { exitCode } = await execa(file, args, { preferLocal: true, stdio: 'inherit', reject: false });
  if (exitCode !== 0) {
    console.error(`\n${name} failed after ${seconds(begun)} s. Run it alone: npm test -- --only "${name}"`);
    process.exit(1);
  }
  console.log(`${name}: ${seconds(begun)} s`);
}

/** What ran, what did not, and why. Where CI is set nothing may be left out. */
async function tellCounts(): Promise<void> {
  let [passed, skipped] = [0, 0];
  for (const report of await readdir(reports)) {
    const counts = JSON.parse(await readFile(join(reports, report), 'utf8')) as {
      numPassedTests: number;
      numPendingTests: number;
    };
    passed += counts.numPassedTests;
    skipped += counts.numPendingTests;
  }
  if (!(await findJaeger()))
    console.log('Jaeger is not here: its specs were left out. `npm run tools` builds it.');
  if (!(await findKubernetes()))
    console.log('Kubernetes is not here: the specs of manifests were left out. `npm run tools` builds it.');
  if (!(await findCompose()))
    console.log('Docker Compose is not here: the spec of its file was left out. `npm run tools` builds it.');
  if (crdsFolder() === null)
    console.log('CRDS_DIR names no folder: the specs that need definitions of operators were left out.');
  if (!(await findChromium()))
    console.log(`${chromiumRemedy}. The spec of the looks of Slack's messages was left out.`);
  if (!(await findPrometheus()))
    console.log(`${prometheusRemedy}. The specs of alerts and of the dashboard were left out.`);
  console.log(`\nspecs: ${passed} passed, 0 failed, ${skipped} skipped`);
  if (process.env['CI'] && skipped > 0) {
    console.error('Under CI nothing may be skipped.');
    process.exit(1);
  }
}

function seconds(since: number): number {
  return Math.round((Date.now() - since) / 1000);
}
