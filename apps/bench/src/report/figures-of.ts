import type { Arrived } from '../load/check-arrived.ts';
import type { Figure } from '../scenario.ts';

/** Makes figures of a system out of what its rounds brought. */
export function figuresOf<Round>(
  system: string,
  rounds: readonly Round[],
): (name: string, unit: string, value: (round: Round) => number) => Figure {
  return (name, unit, value) => ({ system, name, unit, values: rounds.map(value) });
}

/** What a system that promises less lost, and what it turned round. */
export function lossesOf(system: string, rounds: readonly Arrived[]): Figure[] {
  const figure = figuresOf(system, rounds);
  return [
    figure('missing', 'messages a round', ({ missing }) => missing),
    figure('behind a later one of their key', 'messages a round', ({ disordered }) => disordered),
  ];
}
