import type { Figure, Outcome, Target } from '../scenario.ts';
import { isMet, median } from './figures.ts';

/** A table: its head, and its rows. */
export interface Rows {
  head: string[];
  rows: string[][];
}

/** A line for each figure: the median, and between what it lay. */
export function figureRows({ figures }: Outcome): Rows {
  return {
    head: ['system', 'figure', 'median', 'lowest to highest'],
    rows: figures.map(({ system, name, unit, values }: Figure) => [
      system,
      name,
      `${short(median(values))} ${unit}`,
      spread(values),
    ]),
  };
}

/** A line for each ratio: what it is, what it should be, and whether it is. */
export function targetRows({ targets }: Outcome): Rows {
  return {
    head: ['ratio, round by round', 'median', 'lowest to highest', 'target', 'met'],
    rows: targets.map((target) => [
      target.says,
      short(median(target.values)),
      spread(target.values),
      boundOf(target),
      { true: 'yes', false: '**no**', null: '' }[`${isMet(target)}`],
    ]),
  };
}

function boundOf({ bound }: Target): string {
  if (!bound) return '';
  return 'atLeast' in bound ? `at least ${bound.atLeast}` : `at most ${bound.atMost}`;
}

const spread = (values: readonly number[]): string =>
  values.length < 2 ? '' : `${short(Math.min(...values))} to ${short(Math.max(...values))}`;

/** Three digits that count, and whole numbers from a hundred on. */
function short(value: number): string {
  if (Number.isNaN(value)) return 'not measured';
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

/** How many targets are met, and which are not, a line each. */
export function verdictOf(measured: readonly { scenario: { name: string }; outcome: Outcome }[]): string {
  const targets = measured.flatMap(({ scenario, outcome }) =>
    outcome.targets.filter(({ bound }) => bound).map((target) => ({ name: scenario.name, target })),
  );
  const open = targets.filter(({ target }) => !isMet(target));
  return [
    `${targets.length - open.length} of ${targets.length} targets are met.`,
    ...open.map(
      ({ name, target }) =>
        `not met: ${name}: ${target.says}: ${short(median(target.values))}, ${boundOf(target)} is wanted`,
    ),
  ].join('\n');
}
