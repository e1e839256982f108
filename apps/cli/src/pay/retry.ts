import { setTimeout as pause } from 'node:timers/promises';
import { readRpcError } from '@payments/contracts';
import type { CallOptions, RpcError } from '@payments/contracts';
import { isAbsent, isNeverSent, isUnavailable, isUnreachable } from './transport-failure.ts';

/** Milliseconds between two tries where the service did not say. */
const usualDelayMs = 1_000;

/**
 * After how many milliseconds the same call may be made again: as the service says, and where nobody is there or the
 * connection broke, a second. Undefined where trying again would not help.
 */
export const retryDelayMs = (error: RpcError): number | undefined => {
  if (error.details) return error.details.retryDelayMs;
  if (!isUnavailable(error)) return undefined;
  return isUnreachable(error) && !isAbsent(error) ? undefined : usualDelayMs;
};

/**
 * Makes a call, again and again while that may help and there is time: only calls that may be repeated. `tell` hears why
 * each try failed, and how many milliseconds are left.
 * @throws what the last try was rejected with; an AbortError or a CANCELLED once `signal` is aborted
 */
export const persist = async <Reply>(options: {
  call: (options: CallOptions) => Promise<Reply>;
  /** By the clock of `performance.now()`. */
  deadline: number;
  signal: AbortSignal;
  tell: (error: RpcError, leftMs: number) => void;
}): Promise<Reply> => {
  const { call, deadline, signal, tell } = options;
  const left = () => Math.max(1, deadline - performance.now());
  let before: unknown;
  for (;;) {
    try {
      return await call({ timeoutMs: left(), signal });
    } catch (thrown) {
      const error = readRpcError(thrown);
      // The last of its time was not enough to be sent: what the one before met says more.
      if (!error || (isNeverSent(error) && before !== undefined)) throw before ?? thrown;
      const delayMs = signal.aborted ? undefined : retryDelayMs(error);
      if (delayMs === undefined || delayMs >= left()) throw thrown;
      before = thrown;
      tell(error, left());
      await pause(delayMs, undefined, { signal });
    }
  }
};
