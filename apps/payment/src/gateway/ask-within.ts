import { setTimeout as pause } from 'node:timers/promises';
import { backoff } from '@payments/runtime';
import type { FoundCharge, GatewayCall } from './gateway.ts';
import type { Attempt } from './read-exchange.ts';

/** How often one call asks, and how long it pauses between, in milliseconds. */
export type RetryOptions = { attempts: number; minPauseMs: number; maxPauseMs: number };

/** With less time than this, in milliseconds, an attempt would only make its outcome unknown. */
const worthwhileMs = 50;

/**
 * Asks again as long as that may bring another answer and the call has time, and says what became of the whole. One attempt
 * of which the outcome is unknown makes the call UNKNOWN, unless a later one with the same key brings a final answer.
 *
 * Not cockatiel's retry: its pauses go on after the signal, and know no deadline.
 */
export const askWithin = async (
  { attempts, minPauseMs, maxPauseMs }: RetryOptions,
  { signal, deadline }: GatewayCall,
  attempt: () => Promise<Attempt>,
): Promise<FoundCharge> => {
  let soFar: FoundCharge = { outcome: 'NOT_ASKED', reason: 'there was no time left' };
  for (let made = 1; !signal.aborted && deadline - Date.now() >= worthwhileMs; made += 1) {
    const { answer, again, retryAfterMs = 0 } = await attempt();
    soFar = addUp(soFar, answer);
    if (!again || made >= attempts) break;
    const restMs = Math.max(retryAfterMs, backoff(made, { minMs: minPauseMs, maxMs: maxPauseMs }));
    if (Date.now() + restMs + worthwhileMs > deadline) break;
    await pause(restMs, undefined, { signal }).catch(() => undefined);
  }
  return soFar;
};

/** What is known after one more attempt. */
export const addUp = (soFar: FoundCharge, next: FoundCharge): FoundCharge =>
  next.outcome === 'NOT_ASKED' && soFar.outcome === 'UNKNOWN' ? soFar : next;
