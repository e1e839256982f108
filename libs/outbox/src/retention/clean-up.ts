import { deleteSettled, type Deleted } from './delete-settled.ts';
import { emptyOldSlots, type EmptyOldSlotsOptions, type SlotReport } from './empty-old-slots.ts';
import type { Statements } from './statements.ts';

/** What a clean-up did. */
export interface CleanUpReport {
  slots: SlotReport[];
  deleted: Deleted;
}

/** Removes everything that is older than the retention and settled: slots of both rings, parked messages, requests. */
export async function cleanUp(statements: Statements, options: EmptyOldSlotsOptions): Promise<CleanUpReport> {
  const slots = await emptyOldSlots(statements, options);
  return { slots, deleted: await deleteSettled(statements, options) };
}
