import type { ServerUnaryCall } from '@grpc/grpc-js';
import { callerOf } from '../access/authentication-interceptor.ts';
import { longestCallMs } from '../call/call-context.ts';
import type { CallContext } from '../call/call-context.ts';

/** What an abort says by itself. grpc-js cancels calls that are answered, too: one made for each of them is 1 % of the service's time. */
const aborted = new DOMException('This operation was aborted', 'AbortError');

/** Reads the context of a grpc-js call. */
export const readCallContext = (call: ServerUnaryCall<unknown, unknown>): CallContext => {
  const gone = new AbortController();
  call.on('cancelled', () => gone.abort(aborted));
  return {
    caller: callerOf(call.metadata),
    signal: gone.signal,
    deadline: Math.min(Number(call.getDeadline()), Date.now() + longestCallMs),
  };
};
