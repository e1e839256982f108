import { appendFile } from 'node:fs/promises';
import { arch, cpus, platform } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { execa } from 'execa';
import { jestCommand } from './jest-command.ts';

/** A guarantee's specs, run more often than `npm test` does. */
interface Proof {
  says: string;
  jest: string[];
  rounds: number;
  /** The full count, as the spec reads it; what the spec prints is part of the outcome. */
  env?: Record<string, string>;
  /** A round is a seed: the specs take them from this variable, comma-separated, and print such a line for each. */
  seeds?: { variable: string; line: RegExp };
}

const proofs: Record<string, Proof> = {
  integration: {
    says: 'The integration specs, on real PostgreSQL and Kafka, are green every time.',
    jest: ['--selectProjects', 'integration'],
    rounds: 20,
  },
  e2e: {
    says: 'The whole-system specs, servers stopped and killed, are green every time.',
    jest: ['--selectProjects', 'e2e', '--runInBand'],
    rounds: 5,
  },
  order: {
    says: 'Concurrent writers with rollbacks and savepoints: nothing lost, nothing invented, commit order per key.',
    // The pattern stands first: --selectProjects takes all words behind it.
    jest: ['commit-order', '--selectProjects', 'integration'],
    rounds: 50,
  },
  history: {
    says: 'Seeded writers and faults of relays, PostgreSQL and Kafka: nothing lost, invented, reversed or changed.',
    jest: ['history/history', '--selectProjects', 'e2e', '--runInBand', '-t', 'seed'],
    rounds: 30,
    seeds: { variable: 'HISTORY_SEEDS', line: /^ *(history seed .*)$/gm },
  },
  'relays-killed': {
    says: 'Four relays, one of them killed every 3 s for a minute: nothing lost, the order kept.',
    jest: ['relays-killed', '--selectProjects', 'e2e'],
    rounds: 1,
    env: { RELAY_KILLS: '20' },
  },
  'payment-killed': {
    says: 'The payment service, killed at chosen points of charges, refunds and recovery: ledger, payments, history and events are equal.',
    jest: ['payment-killed', '--selectProjects', 'e2e'],
    rounds: 1,
    env: { PAYMENT_KILLS: '200' },
  },
  'notifier-load': {
    says: "5,000 payments in 10 s, told at Slack's pace through its failures: all within 6 minutes, none twice, none missing.",
    jest: ['notifier-load', '--selectProjects', 'e2e'],
    rounds: 1,
    env: { NOTIFIER_LOAD: '5000' },
  },
  'notifier-killed': {
    says: 'A notifier killed 20 times at each of five points: one post again where Slack had it without a mark, else none.',
    jest: ['notifier-killed', '--selectProjects', 'e2e'],
    rounds: 1,
    env: { NOTIFIER_KILLS: '20' },
  },
  'held-snapshot': {
    says: 'A million messages beside a held snapshot: no dead row in the log, and none slower than before.',
    jest: ['held-snapshot', '--selectProjects', 'e2e'],
    rounds: 1,
    env: { HELD_SNAPSHOT_MESSAGES: '1000000' },
  },
  'tracing-cost': {
    says: 'At 10,000 messages/s, with 1 % of the traces kept, telemetry takes less than 5 % of a core from a relay.',
    jest: ['tracing-cost', '--selectProjects', 'e2e'],
    rounds: 1,
    env: { TRACING_COST_ROUNDS: '8', TRACING_COST_ROWS: '20000' },
  },
  'large-backlog': {
    says: 'A backlog of five million drains at a flat cost, in flat memory, beside an open transaction.',
    jest: ['large-backlog', '--selectProjects', 'integration'],
    rounds: 1,
    env: { LARGE_BACKLOG_ROWS: '5000000' },
  },
  'lost-topic': {
    says: '100,000 messages for a topic that may not be written leave the other topics on time.',
    jest: ['relay/src/parking', '--selectProjects', 'integration', '-t', 'may not be written'],
    rounds: 1,
    env: { PARKING_LOST_MESSAGES: '100000' },
  },
  'grpc-fuzz': {
    says: 'Ten minutes of mutated messages, frames and connections: clean statuses, flat memory, and others served.',
    jest: ['grpc-fuzz', '--selectProjects', 'e2e'],
    rounds: 1,
    env: { FUZZ_MINUTES: '10' },
  },
  'slack-limit': {
    says: 'Slack asks for ten minutes: no rebalance, partitions pause and resume, everything is told once.',
    jest: ['notifier.int', '--selectProjects', 'integration', '-t', 'keeps its partitions'],
    rounds: 1,
    env: { NOTIFIER_LIMIT_SECONDS: '600' },
  },
  'notifier-backlog': {
    says: '100,000 messages through one channel: a flat cost, flat memory, each told once.',
    jest: ['channel/large-backlog', '--selectProjects', 'integration'],
    rounds: 1,
    env: { CHANNEL_MESSAGES: '100000' },
  },
  'dead-letters': {
    says: '100,000 messages of garbage: each in the dead-letter topic byte for byte, the payments among them told, in flat memory.',
    jest: ['garbage-among-payments', '--selectProjects', 'e2e'],
    rounds: 1,
    env: { GARBAGE_MESSAGES: '100000' },
  },
  retention: {
    says: 'Writers go on as before while slots of 200,000 messages are emptied, beside an open transaction.',
    jest: ['writers-beside-emptying', '--selectProjects', 'e2e'],
    rounds: 1,
    env: { RETENTION_ROWS: '200000' },
  },
};
/** How many seeds share one boot of their servers. */
const seedsAtATime = 3;

const program = new Command()
  .name('npm run proof --')
  .description(
    'Runs the specs of a guarantee at their full count and appends the outcome to docs/proofs.md.\n' +
      Object.entries(proofs)
        .map(([name, { says, rounds }]) => `  ${name.padEnd(15)} ${says} (${rounds} rounds)`)
        .join('\n'),
  )
  .argument('<name>', Object.keys(proofs).join(', '))
  .option('--rounds <n>', 'how often, instead of the full count', positive)
  .option('--seed <n>', 'history: the first seed, 1 unless told; the next ones are counted up', positive)
  .option('--seeds <n>', 'history: how many seeds, instead of the full count', positive)
  .option('--minutes <m>', 'as often as is begun within so many minutes', positive)
  .option('--no-record', 'do not write docs/proofs.md')
  .showHelpAfterError('(--help explains)')
  .parse();
const name = program.args[0] ?? '';
const proof =
  proofs[name] ?? program.error(`there is no proof "${name}": take one of ${Object.keys(proofs).join(', ')}`);
type Count = 'rounds' | 'seed' | 'seeds' | 'minutes';
const { record, ...counts } = program.opts<Partial<Record<Count, number>> & { record: boolean }>();
if (!proof.seeds && (counts.seed ?? counts.seeds)) program.error(`the proof "${name}" has no seeds`);
const { seed: firstSeed = 1, minutes = Infinity } = counts;
const rounds = counts.seeds ?? counts.rounds ?? (counts.minutes ? Infinity : proof.rounds);
const end = Date.now() + minutes * 60_000;

const lines: string[] = [];
for (let done = 0; done < rounds && Date.now() < end;) {
  const atATime = proof.seeds ? Math.min(seedsAtATime, rounds - done) : 1;
  const outcome = await runOnce(proof, { from: firstSeed + done, count: atATime });
  done += atATime;
  const round = `round ${String(done).padStart(2)}  ${outcome.line}`;
  const told = proof.seeds ? outcome.seedLines : [round, ...(proof.env ? outcome.figures : [])];
  lines.push(...told);
  console.log(told.join('\n'));
  if (!outcome.green) {
    console.error(outcome.output);
    process.exitCode = 1;
    break;
  }
}
if (record) await writeDown(name, proof.says, lines);

interface Outcome {
  green: boolean;
  /** The counts of jest. */
  line: string;
  /** A line for each seed, of a proof that has them. */
  seedLines: string[];
  /** What the specs printed. */
  figures: string[];
  output: string;
}

async function runOnce(
  { jest, seeds, env }: Proof,
  { from, count }: { from: number; count: number },
): Promise<Outcome> {
  const begun = Date.now();
  const [node = '', ...args] = jestCommand;
  const numbers = Array.from({ length: count }, (_, index) => from + index);
  const { exitCode, all } = await execa(node, [...args, ...jest], {
    preferLocal: true,
    all: true,
    reject: false,
    env: { ...env, ...(seeds && { [seeds.variable]: numbers.join() }) },
  });
  const tests = /^Tests: +(.*)$/m.exec(all)?.[1] ?? 'no tests were run';
  return {
    green: exitCode === 0,
    line: `${tests}  ${Math.round((Date.now() - begun) / 1000)} s`,
    seedLines: seeds ? [...all.matchAll(seeds.line)].map(([, line = '']) => line) : [],
    figures: printedIn(all),
    output: all,
  };
}

/** What specs printed by `console.log`: jest puts a heading before it, and the place of the call behind it. */
function printedIn(output: string): string[] {
  const printed = [...output.matchAll(/^ *console\.log\n([^]*?)\n\s*at /gm)];
  return printed.flatMap(([, text = '']) => text.split('\n')).map((line) => `  ${line.trim()}`);
}

async function writeDown(title: string, says: string, outcome: string[]): Promise<void> {
  const { stdout: commit } = await execa('git', ['rev-parse', '--short', 'HEAD']);
  const { stdout: changes } = await execa('git', ['status', '--porcelain', '--', '.', ':!docs/proofs.md']);
  const machine = `${cpus().length} cores, ${platform()} ${arch()}, Node ${process.versions.node}`;
  const date = new Date().toISOString().slice(0, 10);
  const heading = `\n## ${title}, ${date}\n\n${says}\n\n`;
  const given = Object.entries(counts).map(([option, count]) => ` --${option} ${count}`);
  const command = `\`npm run proof -- ${title}${given.join('')}\` at ${commit}${changes ? ' with uncommitted changes' : ''}; ${machine}.\n\n`;
  await appendFile('docs/proofs.md', `${heading}${command}\`\`\`\n${outcome.join('\n')}\n\`\`\`\n`);
}

function positive(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('give a whole number from 1 on.');
  return number;
}
