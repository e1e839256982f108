import type { ServerUnaryCall } from '@grpc/grpc-js';
import { callerOf } from '../access/authentication-interceptor.ts';
import { longestCallMs } from '../call/call-context.ts';
import type { CallContext } from '../call/call-context.ts';

/** Reads the context of a grpc-js call. */
export const readCallContext = (call: ServerUnaryCall<unknown, unknown>): CallContext => {
  const gone = new AbortController();
  call.on('cancelled', () => gone.abort());
  return {
    caller: callerOf(call.metadata),
    signal: gone.signal,
    deadline: Math.min(Number(call.getDeadline()), Date.now() + longestCallMs),
  };
};
