import type { SlotReport } from '@payments/outbox';

/** A slot that ought to be empty and is not, and for how long it has been due, in milliseconds. */
export type OverdueSlot = {
  slot: SlotReport;
  dueMs: number;
  /** Its time came round again: what is in it stays for another turn of the ring. */
  usedAgain: boolean;
};

/** Follows slots that are due. `now`: milliseconds of any clock that goes on. */
export type SlotWatch = {
  /** Takes the reports of one clean-up, and tells which slots are overdue and were not told of for as long. */
  see: (reports: readonly SlotReport[], now: number) => OverdueSlot[];
  /** How many slots are overdue. */
  overdue: (now: number) => number;
};

/**
 * Follows slots that are due over many clean-ups. One is overdue when it has not been emptied for `overdueMs`, and again each
 * time that this has passed; and when it is used again.
 */
export function watchSlots(options: { overdueMs: number }): SlotWatch {
  const due = new Map<string, { since: number; seenAt: number; toldAt: number; last: SlotReport }>();
  const see: SlotWatch['see'] = (reports, now) =>
    reports.flatMap((slot): OverdueSlot[] => {
      const name = `${slot.ring} ${slot.slot}`;
      const known = due.get(name);
      switch (slot.outcome) {
        case 'empty':
        case 'emptied':
          due.delete(name);
          return [];
        case 'young':
          due.delete(name);
          // Seen in other hands once, it was emptied there.
          return known && (known.last.outcome !== 'elsewhere' || known.seenAt > known.since)
            ? [{ slot: known.last, dueMs: now - known.since, usedAgain: true }]
            : [];
        case 'elsewhere':
        case 'busy':
        case 'unpublished':
        case 'unsettled': {
          const { since, toldAt } = known ?? { since: now, toldAt: now };
          const overdue = now - toldAt >= options.overdueMs;
          // Who kept it says more than that somebody else tried it in this moment.
          const last = known && slot.outcome === 'elsewhere' ? known.last : slot;
          due.set(name, { since, seenAt: now, toldAt: overdue ? now : toldAt, last });
          return overdue ? [{ slot, dueMs: now - since, usedAgain: false }] : [];
        }
        default:
          return slot.outcome satisfies never;
      }
    });
  return {
    see,
    overdue: (now) => [...due.values()].filter(({ since }) => now - since >= options.overdueMs).length,
  };
}
