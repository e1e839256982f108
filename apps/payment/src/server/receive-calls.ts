import { ServerInterceptingCall } from '@grpc/grpc-js';
import type { ServerInterceptingCallInterface, ServerInterceptor } from '@grpc/grpc-js';
import { PaymentError } from '../call/payment-error.ts';
import type { Admission } from './admission.ts';
import { statusOf } from '../call/status-of.ts';

/** How long a request may take to arrive after its headers, in milliseconds. */
const arrivalMs = 10_000;

/** How many requests may be on their way in at a time. Each holds up to 256 KiB. */
const mostArriving = 1_000;

/** The calls that are open, and the door through which they come. */
export type OpenCalls = {
  interceptor: ServerInterceptor;
  /** Ends calls with UNAVAILABLE (STOPPING): `streams`, which would never end by themselves, or all that are left. */
  refuse: (which: 'streams' | 'all') => number;
};

type Call = { method: Parameters<ServerInterceptor>[0]; call: ServerInterceptingCallInterface };

const tooSlow = () =>
  new PaymentError('DEADLINE_EXCEEDED', `the request was not there ${arrivalMs} ms after its headers`);
const tooMany = () => new PaymentError('OVERLOADED', 'too many requests are on their way; nothing was done');
const cutOff = () =>
  new PaymentError('STOPPING', 'this instance stops; send the same request with the same request_id again');

/**
 * Receives calls. While nothing can begin, a call that counts is refused at its headers, before its request is read; a
 * request that trickles in is given up: streams that never end their request would pile up for ever.
 * @param options.isCounted whether calls of this path are bounded: those of the health service are not
 */
export const receiveCalls = (options: {
  admission: Pick<Admission, 'refusal'>;
  isCounted: (path: string) => boolean;
}): OpenCalls => {
  const open = new Set<Call>();
  const arriving = new Set<Call>();
  const refusalOf = ({ method }: Call) => {
    if (!options.isCounted(method.path)) return undefined;
    return options.admission.refusal() ?? (arriving.size >= mostArriving ? tooMany() : undefined);
  };
  const interceptor: ServerInterceptor = (method, call) => {
    const entry = { method, call };
    let timer: NodeJS.Timeout | undefined;
    const arrived = () => {
      clearTimeout(timer);
      arriving.delete(entry);
    };
    const receive = () => {
      open.add(entry);
      if (method.requestStream) return;
      arriving.add(entry);
      timer = setTimeout(() => call.sendStatus(statusOf(tooSlow())), arrivalMs);
    };
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, forward) => {
            const refused = refusalOf(entry);
            if (refused) return call.sendStatus(statusOf(refused));
            receive();
            forward(metadata);
          },
          onReceiveHalfClose: (forward) => {
            arrived();
            forward();
          },
          onCancel: () => {
            arrived();
            open.delete(entry);
          },
        }),
    });
  };
  const refuse = (which: 'streams' | 'all') => {
    const refused = [...open].filter(({ method }) => which === 'all' || method.responseStream);
    for (const { call } of refused) call.sendStatus(statusOf(cutOff()));
    return refused.length;
  };
  return { interceptor, refuse };
};
