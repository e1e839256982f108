import { readFile, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import type { Count, Outcome, Scenario } from '../scenario.ts';
import type { Machine } from './machine.ts';
import { figureRows, targetRows } from './rows.ts';
import type { Rows } from './rows.ts';

/** What was measured of a scenario, and when. */
export interface Measured {
  scenario: Pick<Scenario, 'name' | 'says'>;
  outcome: Outcome;
  at: Date;
}

const page = 'docs/benchmarks.md';

/** Puts each section that was measured into `docs/benchmarks.md`, in place of the one that was there; the others stay. */
export async function writePage(options: {
  machine: Machine;
  measured: readonly Measured[];
  count: Count;
}): Promise<void> {
  let text = await readFile(page, 'utf8');
  for (const one of options.measured) text = withSection(text, one, sectionOf(one, options));
  await writeFile(page, text);
  await execa('prettier', ['--write', '--log-level', 'warn', page], { preferLocal: true });
}

/** @throws Error where the page has no place for it */
function withSection(text: string, { scenario: { name } }: Measured, section: string): string {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from)
    throw new Error(
      `${page} has no place for "${name}": write the lines ${begin} and ${end} where it belongs`,
    );
  return `${text.slice(0, from + begin.length)}\n\n${section}\n${text.slice(to)}`;
}

function sectionOf(
  { scenario: { name, says }, outcome, at }: Measured,
  { machine, count }: { machine: Machine; count: Count },
): string {
  // A scenario may take fewer than were asked for.
  const rounds = Math.max(1, ...outcome.targets.map(({ values }) => values.length));
  const command = `npm run bench -- --only ${name} --rounds ${rounds}${count.peers ? ' --peers' : ''}`;
  return [
    says,
    tableOf(targetRows(outcome)),
    tableOf(figureRows(outcome)),
    outcome.notes.map((note) => `- ${note}`).join('\n'),
    `\`${command}\`, ${at.toISOString().slice(0, 10)}, commit ${machine.commit}. ${machine.lines.join('; ')}.`,
  ]
    .filter((part) => part !== '')
    .map((part) => `${part}\n`)
    .join('\n');
}

function tableOf({ head, rows }: Rows): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
