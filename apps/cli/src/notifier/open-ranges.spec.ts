import { describe, expect, it } from '@jest/globals';
import { allRanges, countOf, isIn, newestOf, openRanges } from './open-ranges.ts';

const offsets = [
  { partition: 0, low: 5n, high: 20n, committed: 12n },
  { partition: 1, low: 5n, high: 7n, committed: undefined },
  { partition: 2, low: 5n, high: 5n, committed: 3n },
];

describe('the dead letters of a topic', () => {
  it('are open from where the commands stand, or where retention has left any', () => {
    expect(openRanges(offsets)).toEqual([
      { partition: 0, from: 12n, until: 20n },
      { partition: 1, from: 5n, until: 7n },
      { partition: 2, from: 5n, until: 5n },
    ]);
    expect(countOf(openRanges(offsets))).toBe(10);
    expect(countOf(allRanges(offsets))).toBe(17);
  });

  it('are none where the commands stand at the end, or beyond it: a topic made anew', () => {
    const done = [{ partition: 0, low: 0n, high: 3n, committed: 3n }];
    expect(countOf(openRanges(done))).toBe(0);
    expect(countOf(openRanges([{ partition: 0, low: 0n, high: 3n, committed: 9n }]))).toBe(0);
  });

  it('are the newest of each partition, as many as there are', () => {
    expect(newestOf(openRanges(offsets), 3)).toEqual([
      { partition: 0, from: 17n, until: 20n },
      { partition: 1, from: 5n, until: 7n },
      { partition: 2, from: 5n, until: 5n },
    ]);
  });

  it('are known by partition and offset', () => {
    const open = openRanges(offsets);
    expect(isIn(open, { partition: 0, offset: 12n })).toBe(true);
    expect(isIn(open, { partition: 0, offset: 11n })).toBe(false);
    expect(isIn(open, { partition: 0, offset: 20n })).toBe(false);
    expect(isIn(open, { partition: 9, offset: 12n })).toBe(false);
  });
});
