import { expect, it } from '@jest/globals';
import { inTurns } from './in-turns.ts';

it('measures systems there and back, and does not count the rounds that warm them up', async () => {
  const seen: string[] = [];
  const results = await inTurns({
    systems: ['a', 'b'],
    rounds: 2,
    warmUps: 1,
    stop: new AbortController().signal,
    measure: (system, round) => {
      seen.push(`${system}${round}`);
      return Promise.resolve(`${system}${round}`);
    },
  });
  expect(seen).toEqual(['b-1', 'a-1', 'a0', 'b0', 'b1', 'a1']);
  expect(results).toEqual([
    ['a0', 'a1'],
    ['b0', 'b1'],
  ]);
});

it('gives up before the next system once it is told to stop', async () => {
  const control = new AbortController();
  const measuring = inTurns({
    systems: ['a', 'b'],
    rounds: 1,
    warmUps: 0,
    stop: control.signal,
    measure: (system) => {
      if (system === 'b') throw new Error('b was measured');
      control.abort(new Error('stopped'));
      return Promise.resolve();
    },
  });
  await expect(measuring).rejects.toThrow('stopped');
});
