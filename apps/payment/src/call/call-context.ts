import type { Caller } from './caller.ts';

/** What a call brings besides its request. */
export type CallContext = {
  /** Who calls. */
  caller: Caller;
  /** Aborted when the caller went away or its deadline has passed. */
  signal: AbortSignal;
  /** When the caller gives up, in milliseconds since the epoch. */
  deadline: number;
};

/** The longest a call may take, in milliseconds, also for a caller that set no deadline. */
export const longestCallMs = 30_000;
