import type { ServerUnaryCall } from '@grpc/grpc-js';
import { callerOf } from '../access/authentication-interceptor.ts';
import type { Caller } from '../access/caller.ts';

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

/** Reads the context of a grpc-js call. */
export const callContext = (call: ServerUnaryCall<unknown, unknown>): CallContext => {
  const gone = new AbortController();
  call.on('cancelled', () => gone.abort());
  return {
    caller: callerOf(call.metadata),
    signal: gone.signal,
    deadline: Math.min(Number(call.getDeadline()), Date.now() + longestCallMs),
  };
};
