import { describe, expect, it } from '@jest/globals';
import { advance, type LanePosition, type ReadOutcome } from './position.ts';

const lane = (number: number, position: Partial<LanePosition> = {}): LanePosition => ({
  lane: number,
  done: '10:10:',
  window: null,
  pos: 0n,
  scanFrom: null,
  ...position,
});

const outcome = (read: Record<number, [lastSeq: bigint, count: number]>, truncated = false): ReadOutcome => ({
  snapshot: '20:20:',
  read: new Map(
    Object.entries(read).map(([number, [lastSeq, count]]) => [Number(number), { lastSeq, count }]),
  ),
  truncated,
});

describe('the positions after a read', () => {
  it('are past the window in every lane when nothing was cut off', () => {
    const { next, checkpoints } = advance([lane(0), lane(1)], outcome({}));
    expect(next).toEqual([lane(0, { done: '20:20:' }), lane(1, { done: '20:20:' })]);
    expect(checkpoints).toEqual([]);
  });

  it('leave a checkpoint in the window for each lane that had messages', () => {
    const { checkpoints } = advance([lane(0), lane(1)], outcome({ 1: [7n, 3] }));
    expect(checkpoints).toEqual([{ lane: 1, done: '10:10:', window: '20:20:', pos: 7n, count: 3 }]);
  });

  it('stay in the window of the lane that was cut off, which takes its next turn last', () => {
    const { next } = advance([lane(0), lane(1), lane(2)], outcome({ 0: [5n, 1], 1: [9n, 2] }, true));
    expect(next).toEqual([lane(2), lane(0, { done: '20:20:' }), lane(1, { window: '20:20:', pos: 9n })]);
  });

  it('do not open a window for a lane that was not looked at', () => {
    const { next } = advance([lane(0), lane(1)], outcome({ 0: [5n, 1] }, true));
    expect(next[0]).toEqual(lane(1));
  });

  it('keep an older window until it is finished', () => {
    const working = lane(0, { window: '15:15:', pos: 3n, scanFrom: 2n });
    expect(advance([working], outcome({ 0: [6n, 1] }, true)).next).toEqual([{ ...working, pos: 6n }]);
    expect(advance([working], outcome({ 0: [6n, 1] })).next).toEqual([lane(0, { done: '15:15:' })]);
  });
});
