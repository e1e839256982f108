import type { Metadata, ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js';
import { context } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import { isPaymentMethod } from '@payments/contracts';
import { openCallSpans } from './call-spans.ts';
import type { CallSpans, ObservedCall } from './call-spans.ts';
import { unknownPath } from './unknown-method.ts';

type Call = Parameters<ServerInterceptor>[1];

/** What the conventions call a method that is not there: a stranger's path names no span and no series. */
const other = '_OTHER';

/** By which name a call is observed; undefined: not at all. Probes and tools would be most of what is seen. */
const observedAs = (path: string): string | undefined => {
  if (path === unknownPath) return other;
  return isPaymentMethod(path) ? path.slice(1) : undefined;
};

/**
 * Observes every call of the payment service, and of methods that are not there, from its headers to its status, whoever
 * ends it: a method, an interceptor, grpc-js itself, or the caller. All that is done for the call is done in the context of
 * its span.
 *
 * It must be the first interceptor. It changes the call that it is given, and hands on that same one: grpc-js 1.14 sends
 * its own statuses by that call, past every responder, and so does `explainStatus`, which comes next and thereby tells its
 * words to this one.
 */
export const observeCalls = (): ServerInterceptor => {
  const spans = openCallSpans();
  return ({ path }, call) => {
    const name = observedAs(path);
    if (name !== undefined) observe(call, (metadata) => spans.begin({ name, metadata, call }));
    return call as ServerInterceptingCall;
  };
};

const observe = (call: Call, begin: (metadata: Metadata) => ReturnType<CallSpans['begin']>): void => {
  const start = call.start.bind(call);
  const sendStatus = call.sendStatus.bind(call);
  let observed: ObservedCall | undefined;
  const within = (work: () => void) => runIn(observed?.context, work);
  call.start = (listener) =>
    start({
      onReceiveMetadata: (metadata) => {
        observed = begin(metadata);
        within(() => listener.onReceiveMetadata(metadata));
      },
      onReceiveMessage: (message) => within(() => listener.onReceiveMessage(message)),
      onReceiveHalfClose: () => within(() => listener.onReceiveHalfClose()),
      // It comes after every status, too.
      onCancel: () => {
        observed?.cancelled();
        within(() => listener.onCancel());
      },
    });
  call.sendStatus = (status) => {
    observed?.ended(status.code);
    sendStatus(status);
  };
};

const runIn = (active: Context | undefined, work: () => void): void =>
  active ? context.with(active, work) : work();
