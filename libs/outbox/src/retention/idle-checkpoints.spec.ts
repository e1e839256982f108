import { describe, expect, it } from '@jest/globals';
import type { LanePosition } from '../relay/position.ts';
import { idleCheckpoints } from './idle-checkpoints.ts';

const between = (lane: number, done: string): LanePosition => ({
  lane,
  done,
  window: null,
  pos: 0n,
  floor: 12n,
  nextFloor: 12n,
  ceiling: null,
});

describe('a checkpoint of a quiet lane', () => {
  it('is written when its oldest open transaction is another one, and stands between two windows', () => {
    expect(idleCheckpoints([between(3, '20:25:20,22')], new Map([[3, '10:30:10']]))).toEqual([
      {
        ...{ lane: 3, done: '20:25:20,22', window: '20:25:20,22', pos: 0n, count: 0 },
        ...{ floor: 12n, nextFloor: 12n, ceiling: null },
      },
    ]);
  });

  it('is not written while the same transaction is open, which would let go no more than before', () => {
    expect(idleCheckpoints([between(3, '10:99:10')], new Map([[3, '10:30:10']]))).toEqual([]);
  });

  it('compares ids as numbers', () => {
    expect(idleCheckpoints([between(0, '10:10:')], new Map([[0, '9:9:']]))).toHaveLength(1);
    expect(idleCheckpoints([between(0, '9:9:')], new Map([[0, '10:10:']]))).toEqual([]);
  });

  it('is not written inside of a window, whose messages are not all published', () => {
    const working = { ...between(1, '20:20:'), window: '30:30:', pos: 7n };
    expect(idleCheckpoints([working], new Map([[1, '10:10:']]))).toEqual([]);
  });

  it('is written for a lane of which nothing is known', () => {
    expect(idleCheckpoints([between(5, '20:20:')], new Map())).toHaveLength(1);
  });
});
