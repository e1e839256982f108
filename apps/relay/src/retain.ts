import { OutboxError } from '@payments/outbox';
import type { CleanUpReport } from '@payments/outbox';
import type { Log } from '@payments/runtime';
import { catchError, defer, EMPTY, ignoreElements, repeat, switchMap, takeUntil, tap, timer } from 'rxjs';
import type { Observable, ObservableInput } from 'rxjs';

import type { OverdueSlot, SlotWatch } from './watch-slots.ts';
import { whenAborted } from './when-aborted.ts';

/** How long, in milliseconds, after the start of a session the first clean-up comes. */
const firstMs = 20_000;
/** How long, in milliseconds, from one clean-up to the next. */
const everyMs = 600_000;

/** What cleaning up needs. */
export type RetainOptions = {
  /** Removes what is older than the retention, once. */
  cleanUp: () => ObservableInput<CleanUpReport>;
  /** Follows the slots over all sessions of the process. */
  watch: SlotWatch;
  log: Pick<Log, 'info' | 'warn'>;
  stop: AbortSignal;
  /** From 0 to below 1; spreads the relays' clean-ups. `Math.random` when not given. */
  random?: () => number;
};

/**
 * Cleans up soon after the start, and then every 10 minutes; each pause up to a half longer, by chance. Emits nothing, completes
 * on `stop`. What PostgreSQL refuses is a log line, and tried again the next time; a lost session is an error.
 */
export function retain$({
  cleanUp,
  watch,
  log,
  stop,
  random = Math.random,
}: RetainOptions): Observable<never> {
  const pause = (ms: number) => timer(ms * (1 + random() / 2));
  const once$ = defer(cleanUp).pipe(
    tap((report) => tell(report, watch, log)),
    catchError((error: unknown) => {
      if (!(error instanceof OutboxError) || error.code === 'DATABASE_UNAVAILABLE') throw error;
      log.warn({ code: error.code, reason: error.message }, 'the clean-up failed');
      return EMPTY;
    }),
  );
  return defer(() => pause(firstMs)).pipe(
    switchMap(() => once$.pipe(repeat({ delay: () => pause(everyMs) }))),
    ignoreElements(),
    takeUntil(whenAborted(stop)),
  );
}

function tell({ slots, deleted }: CleanUpReport, watch: SlotWatch, log: RetainOptions['log']): void {
  for (const { ring, slot, outcome, bytes } of slots)
    if (outcome === 'emptied') log.info({ ring, slot, bytes }, 'emptied a slot');
  if (deleted.parked + deleted.requests > 0) log.info(deleted, 'deleted what was settled long ago');
  for (const overdue of watch.see(slots, performance.now())) warn(overdue, log);
}

function warn(
  { slot: { ring, slot, outcome, bytes, reason }, dueMs, usedAgain }: OverdueSlot,
  log: RetainOptions['log'],
) {
  const dueHours = Math.round(dueMs / 3_600_000);
  log.warn(
    { ring, slot, bytes, dueHours, outcome, reason },
    usedAgain
      ? 'a slot was due and is used again: it stays for another turn'
      : 'a slot is due and cannot be emptied',
  );
}
