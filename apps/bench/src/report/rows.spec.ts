import { expect, it } from '@jest/globals';
import { verdictOf } from './rows.ts';

const target = (says: string, value: number, bound: { atLeast: number } | null) => ({
  says,
  values: [value],
  bound,
});

it('says how many targets are met, and names the others', () => {
  const targets = [
    target('fast', 0.95, { atLeast: 0.9 }),
    target('slow', 0.5, { atLeast: 0.9 }),
    target('only told', 0.1, null),
  ];
  expect(verdictOf([{ scenario: { name: 'drain' }, outcome: { figures: [], targets, notes: [] } }])).toBe(
    '1 of 2 targets are met.\nnot met: drain: slow: 0.500, at least 0.9 is wanted',
  );
});
