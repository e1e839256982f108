import { describe, expect, it } from '@jest/globals';
import { dueInMs } from './due-in-ms.ts';

describe('dueInMs', () => {
  it('leaves what a call did not learn to recovery at once', () => {
    expect(dueInMs(1)).toBe(0);
  });

  it('doubles from a second to three minutes, and takes up to half of it off', () => {
    expect([2, 3, 4, 30].map((claim) => dueInMs(claim, () => 0))).toEqual([1_000, 2_000, 4_000, 180_000]);
    expect(dueInMs(30, () => 1)).toBe(90_000);
  });
});
