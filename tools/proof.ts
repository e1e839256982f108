import { appendFile } from 'node:fs/promises';
import { arch, cpus, platform } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { execa } from 'execa';
import { jestCommand } from './jest-command.ts';

/** A guarantee's specs, run more often than `npm test` does. */
const proofs: Record<string, { says: string; jest: string[]; rounds: number }> = {
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
};

const program = new Command()
  .name('npm run proof --')
  .description(
    'Runs the specs of a guarantee at their full count and appends the outcome to docs/proofs.md.\n' +
      Object.entries(proofs)
        .map(([name, { says, rounds }]) => `  ${name.padEnd(12)} ${says} (${rounds} rounds)`)
        .join('\n'),
  )
  .argument('<name>', Object.keys(proofs).join(', '))
  .option('--rounds <n>', 'how often, instead of the full count', positive)
  .option('--no-record', 'do not write docs/proofs.md')
  .showHelpAfterError('(--help explains)')
  .parse();
const name = program.args[0] ?? '';
const proof =
  proofs[name] ?? program.error(`there is no proof "${name}": take one of ${Object.keys(proofs).join(', ')}`);
const { rounds = proof.rounds, record } = program.opts<{ rounds?: number; record: boolean }>();

const lines: string[] = [];
for (let round = 1; round <= rounds; round++) {
  const outcome = await runOnce(proof.jest);
  lines.push(`round ${String(round).padStart(2)}  ${outcome.line}`);
  console.log(lines.at(-1));
  if (!outcome.green) {
    console.error(outcome.output);
    process.exitCode = 1;
    break;
  }
}
if (record) await writeDown(name, proof.says, lines);

const none = 'no tests were run';

async function runOnce(selection: string[]): Promise<{ green: boolean; line: string; output: string }> {
  const begun = Date.now();
  const [node = '', ...jest] = jestCommand;
  const { exitCode, all } = await execa(node, [...jest, ...selection], {
    preferLocal: true,
    all: true,
    reject: false,
  });
  const counts = /^Tests: +(.*)$/m.exec(all)?.[1] ?? none;
  return {
    green: exitCode === 0,
    line: `${counts}  ${Math.round((Date.now() - begun) / 1000)} s`,
    output: all,
  };
}

async function writeDown(title: string, says: string, outcome: string[]): Promise<void> {
  const { stdout: commit } = await execa('git', ['rev-parse', '--short', 'HEAD']);
  const { stdout: changes } = await execa('git', ['status', '--porcelain', '--', '.', ':!docs/proofs.md']);
  const machine = `${cpus().length} cores, ${platform()} ${arch()}, Node ${process.versions.node}`;
  const date = new Date().toISOString().slice(0, 10);
  const heading = `\n## ${title}, ${date}\n\n${says}\n\n`;
  const fewer = rounds === proof.rounds ? '' : ` --rounds ${rounds}`;
  const command = `\`npm run proof -- ${title}${fewer}\` at ${commit}${changes ? ' with uncommitted changes' : ''}; ${machine}.\n\n`;
  await appendFile('docs/proofs.md', `${heading}${command}\`\`\`\n${outcome.join('\n')}\n\`\`\`\n`);
}

function positive(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('give a whole number from 1 on.');
  return number;
}
