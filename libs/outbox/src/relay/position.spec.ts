import { describe, expect, it } from '@jest/globals';
import {
  advance,
  commonDone,
  finishWindow,
  stride,
  type LanePosition,
  type ReadOutcome,
} from './position.ts';

const lane = (number: number, position: Partial<LanePosition> = {}): LanePosition => ({
  lane: number,
  done: '10:10:',
  window: null,
  pos: 0n,
  floor: 5n,
  nextFloor: 5n,
  ceiling: null,
  ...position,
});

const outcome = (read: Record<number, [lastSeq: bigint, count: number]>, truncated = false): ReadOutcome => ({
  snapshot: '20:20:',
  mark: 50n,
  reached: 60n,
  read: new Map(
    Object.entries(read).map(([number, [lastSeq, count]]) => [Number(number), { lastSeq, count }]),
  ),
  truncated,
});

/** A lane whose window was opened by the read above. */
const opened = (number: number, position: Partial<LanePosition>) =>
  lane(number, { window: '20:20:', nextFloor: 50n, ceiling: 60n, ...position });
/** A lane whose window was opened, and finished, by the read above. */
const finished = (number: number) => lane(number, { done: '20:20:', floor: 50n, nextFloor: 50n });

describe('the positions after a read', () => {
  it('are past the window in every lane when nothing was cut off', () => {
    const { next, checkpoints } = advance([lane(0), lane(1)], outcome({}));
    expect(next).toEqual([finished(0), finished(1)]);
    expect(checkpoints).toEqual([]);
  });

  it('leave a checkpoint in the window, with its bounds, for each lane that had messages', () => {
    const { checkpoints } = advance([lane(0), lane(1)], outcome({ 1: [7n, 3] }));
    expect(checkpoints).toEqual([
      {
        lane: 1,
        done: '10:10:',
        window: '20:20:',
        pos: 7n,
        count: 3,
        floor: 5n,
        nextFloor: 50n,
        ceiling: 60n,
      },
    ]);
  });

  it('stay in the window of the lane that was cut off, which takes its next turn last', () => {
    const { next } = advance([lane(0), lane(1), lane(2)], outcome({ 0: [5n, 1], 1: [9n, 2] }, true));
    expect(next).toEqual([lane(2), finished(0), opened(1, { pos: 9n })]);
  });

  it('do not open a window for a lane that was not looked at', () => {
    const { next } = advance([lane(0), lane(1)], outcome({ 0: [5n, 1] }, true));
    expect(next[0]).toEqual(lane(1));
  });

  it('keep an older window, with its bounds, until it is finished', () => {
    const working = lane(0, { window: '15:15:', pos: 3n, nextFloor: 20n, ceiling: 30n });
    expect(advance([working], outcome({ 0: [6n, 1] }, true)).next).toEqual([{ ...working, pos: 6n }]);
    expect(advance([working], outcome({ 0: [6n, 1] })).next).toEqual([
      lane(0, { done: '15:15:', floor: 20n, nextFloor: 20n }),
    ]);
  });

  it('keep a floor that is higher than the mark', () => {
    const { next } = advance([lane(0, { floor: 55n })], outcome({}));
    expect(next[0]).toMatchObject({ done: '20:20:', floor: 55n });
  });

  it('go through a large window one stride at a time, from the floor on, also where nothing is found', () => {
    const large = { ...outcome({}), reached: 2n * stride };
    const first = advance([lane(0)], large).next;
    expect(first).toEqual([opened(0, { pos: 5n + stride, ceiling: 2n * stride })]);
    // What is numbered later is none of the window.
    const second = advance(first, { ...large, snapshot: '30:30:', reached: 9n * stride }).next;
    expect(second).toEqual([finished(0)]);
  });

  it('do not go past messages of the stride in which the read was cut off', () => {
    const large = { ...outcome({ 0: [9n, 2] }, true), reached: 2n * stride };
    expect(advance([lane(0)], large).next).toEqual([opened(0, { pos: 9n, ceiling: 2n * stride })]);
  });
});

describe('a read of all that is new', () => {
  const all = { ...outcome({ 1: [7n, 3] }), reached: 9n * stride };

  it('finishes the window of every lane, however far its numbers go', () => {
    const { next, checkpoints } = finishWindow([lane(0), lane(1)], all);
    expect(next).toEqual([finished(0), finished(1)]);
    expect(checkpoints).toEqual([
      { ...lane(1), window: '20:20:', pos: 7n, count: 3, nextFloor: 50n, ceiling: 9n * stride },
    ]);
  });

  it('needs lanes that are done with the same snapshot and have begun no other', () => {
    expect(commonDone([lane(0), lane(1)])).toBe('10:10:');
    expect(commonDone([])).toBeUndefined();
    expect(commonDone([lane(0), lane(1, { done: '9:9:' })])).toBeUndefined();
    expect(commonDone([lane(0), lane(1, { window: '20:20:' })])).toBeUndefined();
    expect(commonDone([lane(0, { window: '20:20:' })])).toBeUndefined();
  });
});
