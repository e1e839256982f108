import { setTimeout as pause } from 'node:timers/promises';
import { backoff, isWithin } from '@payments/runtime';
import type { Log } from '@payments/runtime';
import { recoverOnce, tasksPerRound } from './recover-once.ts';
import type { RecoverOptions } from './recover-once.ts';

/** The part of a logger that recovery needs. */
export type RecoveryLog = Pick<Log, 'info' | 'warn' | 'error'>;

/** The loop that takes up what calls have left. Disposing it ends it, with the round that is under way. */
export type Recovery = AsyncDisposable & {
  /** Something was left: looks at once. */
  wake(): void;
};

/** How long it may take to end, in milliseconds: to break off questions and to store what is known. */
const endWithinMs = 5_000;

/**
 * Starts the loop of rounds: the next one at once while there is more to take up, else when it is woken or after `idleMs`,
 * since other processes leave tasks too, and do not say so when they crash.
 */
export const startRecovery = (options: Omit<RecoverOptions, 'stop'> & { idleMs?: number }): Recovery => {
  const { log, idleMs = 1_000 } = options;
  const ending = new AbortController();
  const bell = openBell(ending.signal);
  const loop = async () => {
    for (let failures = 0; !ending.signal.aborted;) {
      try {
        const taken = await recoverOnce({ ...options, stop: ending.signal });
        failures = 0;
        if (taken < tasksPerRound) await bell.wait(idleMs);
      } catch (error) {
        failures += 1;
        log.warn({ err: error }, 'recovery could not read what was left');
        await bell.wait(backoff(failures, { minMs: idleMs, maxMs: 30_000 }));
      }
    }
  };
  const ended = loop();
  return {
    wake: bell.ring,
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await isWithin(ended, endWithinMs);
    },
  };
};

/** A pause that a ring ends. A ring while nobody waits is not lost: it ends the next pause at once. */
const openBell = (stop: AbortSignal) => {
  let rung = new AbortController();
  return {
    ring: () => rung.abort(),
    wait: async (forMs: number) => {
      const signal = AbortSignal.any([stop, rung.signal]);
      await pause(forMs, undefined, { signal }).catch(() => undefined);
      rung = new AbortController();
    },
  };
};
