import { setTimeout as pause } from 'node:timers/promises';

/** Told between two attempts: an error gives up at once. */
export interface PollOptions {
  /** What is waited for, as in "PostgreSQL to accept connections". */
  for: string;
  timeoutMs: number;
  everyMs?: number;
  /** Throws when waiting on is pointless, e.g. because the process has ended. */
  giveUpIf?: () => void;
}

/**
 * Calls `attempt` until it returns something other than `undefined`. Servers have no signal for "ready" that
 * reaches another process, so this is how every one of them is awaited.
 *
 * @throws Error naming what was waited for, with the last error as its cause, after `timeoutMs` milliseconds.
 */
export async function pollUntil<T>(options: PollOptions, attempt: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + options.timeoutMs;
  let cause: unknown;
  for (;;) {
    options.giveUpIf?.();
    try {
      const result = await attempt();
      if (result !== undefined) return result;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > deadline) throw timedOut(options, cause);
    await pause(options.everyMs ?? 30);
  }
}

function timedOut(options: PollOptions, cause: unknown): Error {
  const last = cause instanceof Error ? ` (last error: ${cause.message || cause.name})` : '';
  return new Error(`waited ${options.timeoutMs / 1000} s for ${options.for}, in vain${last}`, { cause });
}
