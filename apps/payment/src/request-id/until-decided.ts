import { setTimeout as pause } from 'node:timers/promises';
import { backoff } from '@payments/runtime';
import { waitingEnd } from '../database/in-transaction.ts';
import type { TimeBound } from '../database/in-transaction.ts';
import { PaymentError } from '../call/payment-error.ts';

/** ABORTED: somebody else is still at what was asked for. */
export const requestInProgress = (cause?: unknown): PaymentError =>
  new PaymentError('REQUEST_IN_PROGRESS', 'the same request is still in progress: send it again', {
    cause,
  });

/**
 * Reads again and again, with pauses that grow, until nobody is at it any more: whoever does the work may be another process,
 * and no connection is held meanwhile.
 * @throws PaymentError REQUEST_IN_PROGRESS at the end of the time for waiting
 */
export const untilDecided = async <T>(
  context: TimeBound,
  read: () => Promise<T | 'UNDER_WAY'>,
): Promise<T> => {
  const end = waitingEnd(context);
  for (let reads = 1; ; reads += 1) {
    const found = await read();
    if (found !== 'UNDER_WAY') return found;
    const pauseMs = backoff(reads, { minMs: 10, maxMs: 500 });
    if (Date.now() + pauseMs >= end) throw requestInProgress();
    await pause(pauseMs, undefined, { signal: context.signal });
  }
};
