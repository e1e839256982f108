import { describe, expect, it } from '@jest/globals';

import { backoff } from './backoff.ts';

const range = { minMs: 100, maxMs: 30_000 };

describe('backoff', () => {
  it('doubles from the smallest pause and stops at the largest', () => {
    const pauses = [1, 2, 3, 4, 20, 5000].map((attempt) => backoff(attempt, { ...range, random: () => 0 }));
    expect(pauses).toEqual([100, 200, 400, 800, 30_000, 30_000]);
  });

  it('takes up to half of a pause off, so that processes do not come back together', () => {
    expect(backoff(3, { ...range, random: () => 0.5 })).toBe(300);
    expect(backoff(3, { ...range, random: () => 1 })).toBe(200);
  });

  it('takes an attempt below one for the first', () => {
    expect(backoff(0, { ...range, random: () => 0 })).toBe(100);
  });
});
