import { describe, expect, it } from '@jest/globals';
import type { SlotOutcome, SlotReport } from '@payments/outbox';

import { watchSlots } from './watch-slots.ts';

const hour = 3_600_000;
const slot3 = (outcome: SlotOutcome, reason: string | null = null): SlotReport => ({
  ring: 'message',
  slot: 3,
  outcome,
  bytes: 100,
  reason,
});
/** What is told of slot 3, at such hours. */
function follow(seen: [hours: number, outcome: SlotOutcome, reason?: string][]) {
  const watch = watchSlots({ overdueMs: 24 * hour });
  return seen.flatMap(([hours, outcome, reason]) =>
    watch.see([slot3(outcome, reason)], hours * hour).map(({ slot, dueMs, usedAgain }) => ({
      at: hours,
      dueHours: dueMs / hour,
      usedAgain,
      reason: slot.reason,
    })),
  );
}

describe('a slot that is due', () => {
  it('is overdue after a day, and again after each day, with the newest reason', () => {
    const told = follow([
      [0, 'busy', 'a'],
      [23, 'unsettled', 'b'],
      [24, 'unpublished', 'c'],
      [47, 'busy', 'd'],
      [48, 'busy', 'e'],
    ]);
    expect(told).toEqual([
      { at: 24, dueHours: 24, usedAgain: false, reason: 'c' },
      { at: 48, dueHours: 48, usedAgain: false, reason: 'e' },
    ]);
  });

  it('is counted while it is overdue, told or not', () => {
    const watch = watchSlots({ overdueMs: 24 * hour });
    const overdueAt = (hours: number, outcome: SlotOutcome) => {
      watch.see([slot3(outcome), { ...slot3(outcome), slot: 4 }], hours * hour);
      return watch.overdue(hours * hour);
    };
    expect([overdueAt(0, 'busy'), overdueAt(23, 'busy')]).toEqual([0, 0]);
    expect([overdueAt(24, 'busy'), overdueAt(25, 'unsettled')]).toEqual([2, 2]);
    expect(overdueAt(26, 'emptied')).toBe(0);
  });

  it('is not when it was emptied in between, by this relay or another one', () => {
    expect(
      follow([
        [0, 'busy'],
        [1, 'emptied'],
        [25, 'busy'],
      ]),
    ).toEqual([]);
    expect(
      follow([
        [0, 'busy'],
        [1, 'empty'],
        [25, 'busy'],
        [26, 'elsewhere'],
      ]),
    ).toEqual([]);
  });

  it('is overdue as well where somebody else is at it all the time, and not where that was once', () => {
    expect(
      follow([
        [0, 'elsewhere', 'process 7 is at it'],
        [1, 'elsewhere', 'process 7 is at it'],
        [24, 'elsewhere', 'process 7 is at it'],
        [25, 'young'],
      ]),
    ).toEqual([
      { at: 24, dueHours: 24, usedAgain: false, reason: 'process 7 is at it' },
      { at: 25, dueHours: 25, usedAgain: true, reason: 'process 7 is at it' },
    ]);
    expect(
      follow([
        [0, 'elsewhere', 'process 7 is at it'],
        [1, 'young'],
      ]),
    ).toEqual([]);
  });

  it('is told at once when it is used again, with the last reason', () => {
    const told = follow([
      [0, 'busy', 'process 7'],
      [1, 'elsewhere'],
      [12, 'young'],
      [13, 'young'],
    ]);
    expect(told).toEqual([{ at: 12, dueHours: 12, usedAgain: true, reason: 'process 7' }]);
  });

  it('is followed by itself: the same slot of the other ring is another one', () => {
    const watch = watchSlots({ overdueMs: 24 * hour });
    expect(watch.see([slot3('busy'), { ...slot3('empty'), ring: 'checkpoint' }], 0)).toEqual([]);
    expect(watch.see([slot3('busy'), { ...slot3('empty'), ring: 'checkpoint' }], 24 * hour)).toHaveLength(1);
  });
});
