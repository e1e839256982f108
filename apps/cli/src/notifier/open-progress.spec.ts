import { describe, expect, it } from '@jest/globals';
import { followOpen } from './open-progress.ts';

const open = [
  { partition: 0, from: 5n, until: 10n },
  { partition: 1, from: 0n, until: 2n },
];

describe('the progress through open dead letters', () => {
  it('is over when all that was given is dealt with, and not before anything was given', () => {
    const progress = followOpen(open);
    expect(progress.isOver()).toBe(false);
    progress.assigned([{ partition: 0 }, { partition: 1 }]);
    progress.dealtWith(0, 9n);
    progress.dealtWith(1, 2n);
    expect([progress.isOver(), progress.done()]).toEqual([false, 6]);
    progress.dealtWith(0, 10n);
    expect([progress.isOver(), progress.isAll(), progress.done()]).toEqual([true, true, 7]);
  });

  it('counts once what comes again after a rebalance, and nothing that is not open', () => {
    const progress = followOpen(open);
    progress.assigned([{ partition: 0 }]);
    progress.dealtWith(0, 7n);
    progress.dealtWith(0, 6n);
    progress.dealtWith(0, 99n);
    progress.dealtWith(7, 1n);
    expect(progress.done()).toBe(5);
  });

  it('is over for a command whose partitions another one has, or that another one has dealt with', () => {
    const taken = followOpen(open);
    taken.assigned([]);
    expect([taken.isOver(), taken.isAll()]).toEqual([true, false]);
    const late = followOpen(open);
    late.assigned([{ partition: 0 }]);
    late.standsAt(0, 12n);
    expect([late.isOver(), late.done()]).toEqual([true, 0]);
  });
});
