import { closeSync, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { openGround } from './ground/ground.ts';
import type { Ground } from './ground/ground.ts';
import { requireDisk } from './ground/require-disk.ts';
import { describeMachine } from './report/machine.ts';
import { printOutcome } from './report/print-outcome.ts';
import { verdictOf } from './report/rows.ts';
import { messageOf, printLogs } from './report/tell-error.ts';
import { writePage } from './report/write-page.ts';
import type { Measured } from './report/write-page.ts';
import type { Count, Outcome, Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';

interface Options extends Count {
  only?: Scenario[];
  json?: string;
  record: boolean;
}

const program = new Command()
  .name('npm run bench --')
  .description(
    'Measures the outbox and the payment service beside their peers and the limits of this machine, on a PostgreSQL and a Kafka\n' +
      'of its own. What counts are the ratios; every scenario checks what arrived. It wants a machine that does nothing else.\n\n' +
      scenarios.map(({ name, says }) => `  ${name.padEnd(14)} ${says}`).join('\n'),
  )
  .option('--only <names>', 'these scenarios alone, comma-separated', scenariosOf)
  .option('--rounds <n>', 'how often each system is measured, in turns', positive, 5)
  .option('--peers', 'beside Debezium Server and pg-transactional-outbox as well; fetches 800 MB once', false)
  .option('--quick', 'everything small and once: shows that the suite works, its figures mean nothing', false)
  .option('--json <file>', 'also write what was measured to a file', writable)
  .option('--no-record', 'do not write docs/benchmarks.md')
  .showHelpAfterError('(--help explains)')
  .parse();
const { only = scenarios, json, ...given } = program.opts<Options>();
const count: Count = { ...given, ...(given.quick && { rounds: 1 }) };
const record = given.record && !count.quick;
if (process.platform !== 'linux')
  program.error('npm run bench needs Linux: what processes cost is read from /proc.');

const stop = new AbortController();
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  // Not `once`: where nobody else listens any more, execa ends this process for the sake of a program that runs just now, with
  // nothing cleaned up.
  process.on(signal, () => {
    // A second one ends it at once, and the servers end with it.
    if (stop.signal.aborted) process.exit(code);
    console.error('stopping: what is under way is given up, servers and files are removed');
    process.exitCode = code;
    stop.abort(new Error(`stopped by ${signal}`));
  });

const begun = Date.now();
try {
  await measureAll();
} catch (error) {
  console.error(stop.signal.aborted ? (stop.signal.reason as Error).message : messageOf(error));
  process.exitCode ??= 1;
}

async function measureAll(): Promise<void> {
  const machine = await describeMachine();
  console.log(machine.lines.join('\n'));
  await requireDisk(count.quick ? 1 : Math.max(...only.map(({ diskGb = 4 }) => diskGb)));
  await using ground = await openGround({ log: tell('servers') });
  const measured: Measured[] = [];
  for (const scenario of only) {
    measured.push({ scenario, outcome: await measure(scenario, ground), at: new Date() });
    if (record) await writePage({ machine, measured, count });
    if (json !== undefined)
      await writeFile(json, `${JSON.stringify({ machine, count, measured }, undefined, 2)}\n`);
  }
  console.log(count.quick ? 'Everything arrived. The figures mean nothing.' : verdictOf(measured));
}

async function measure(scenario: Scenario, ground: Ground): Promise<Outcome> {
  stop.signal.throwIfAborted();
  const log = tell(scenario.name);
  log(scenario.says);
  try {
    const outcome = await scenario.run({ ...count, ground, log, stop: stop.signal });
    printOutcome(outcome);
    return outcome;
  } catch (error) {
    if (!stop.signal.aborted) await printLogs(ground.folder);
    throw new Error(`${scenario.name} failed: ${messageOf(error)}`, { cause: error });
  }
}

function tell(name: string): (line: string) => void {
  return (line) =>
    console.log(`${String(Math.round((Date.now() - begun) / 1000)).padStart(5)} s  ${name}: ${line}`);
}

function scenariosOf(names: string): Scenario[] {
  return names.split(',').map((name) => {
    const found = scenarios.find((scenario) => scenario.name === name.trim());
    if (!found)
      throw new InvalidArgumentError(
        `there is no scenario "${name}": take some of ${scenarios.map((scenario) => scenario.name).join(', ')}`,
      );
    return found;
  });
}

/** Found out at once, and not when the first scenario is over. */
function writable(file: string): string {
  try {
    closeSync(openSync(file, 'a'));
    return file;
  } catch (error) {
    throw new InvalidArgumentError(`it cannot be written: ${messageOf(error)}`);
  }
}

function positive(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('a whole number from 1 on is wanted');
  return number;
}
