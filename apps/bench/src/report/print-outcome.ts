import Table from 'cli-table3';
import type { Outcome } from '../scenario.ts';
import { figureRows, targetRows } from './rows.ts';
import type { Rows } from './rows.ts';

/** Prints what a scenario found out. */
export function printOutcome(outcome: Outcome): void {
  for (const table of [figureRows(outcome), targetRows(outcome)]) print(table);
  for (const note of outcome.notes) console.log(note);
  console.log('');
}

function print({ head, rows }: Rows): void {
  if (rows.length === 0) return;
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  // What is bold on the page is plain here.
  table.push(...rows.map((cells) => cells.map((cell) => cell.replaceAll('**', ''))));
  console.log(table.toString());
}
