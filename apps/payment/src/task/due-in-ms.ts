import { backoff } from '@payments/runtime';

/**
 * How long a task rests after a claim that has not learned its outcome, in milliseconds. What a call leaves behind is taken up
 * at once; after that the pause doubles from a second up to three minutes, jittered.
 */
export const dueInMs = (claim: number, random: () => number = Math.random): number =>
  claim <= 1 ? 0 : backoff(claim - 1, { minMs: 1_000, maxMs: 180_000, random });
