import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { appendMessages } from './messages.ts';
import type { Messages } from './messages.ts';

/** The time between two transactions, in milliseconds. */
const everyMs = 10;

/**
 * Appends `perSecond` messages a second, those of 10 ms in one transaction. One that takes longer does not move the later ones: they
 * follow at once until it is made up for.
 * @param options.committed told after each commit which numbers it brought
 */
export async function writeSteadily(
  client: pg.Client,
  options: Messages & {
    perSecond: number;
    committed: (from: number, count: number) => void;
    stop: AbortSignal;
  },
): Promise<void> {
  const { perSecond, committed, stop, ...messages } = options;
  const perTransaction = (perSecond * everyMs) / 1000;
  const begun = performance.now();
  for (let written = 0; written < messages.count; written += perTransaction) {
    const wait = begun + (written / perSecond) * 1000 - performance.now();
    if (wait > 0) await pause(wait, undefined, { signal: stop });
    stop.throwIfAborted();
    const some = { from: messages.from + written, count: Math.min(perTransaction, messages.count - written) };
    await appendMessages(client, { ...messages, ...some, perTransaction });
    committed(some.from, some.count);
  }
}
