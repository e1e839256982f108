import { ServerInterceptingCall, ServerListenerBuilder } from '@grpc/grpc-js';
import type { Metadata, ServerInterceptor } from '@grpc/grpc-js';
import { isPaymentMethod } from '@payments/contracts';
import type { Log } from '@payments/runtime';
import { PaymentError } from '../call/payment-error.ts';
import { statusOf } from '../call/status-of.ts';
import type { Caller } from '../call/caller.ts';
import { checkMetadata } from './check-metadata.ts';

/** Tells who calls a method (`/payment.v1.PaymentService/GetPayment`) with these headers. @throws PaymentError */
export type Authenticate = (path: string, metadata: Metadata) => Promise<Caller>;

/** Whom each call that was let in comes from, by its headers. */
const callers = new WeakMap<Metadata, Caller>();

/** Who makes a call that was let in. @throws Error for one that was not: nobody is let in by an omission */
export const callerOf = (metadata: Metadata): Caller => {
  const caller = callers.get(metadata);
  if (caller === undefined) throw new Error('a call came past authentication');
  return caller;
};

/** One status for whatever was thrown. */
const errorOf = (thrown: unknown, log: Pick<Log, 'error'>): PaymentError => {
  if (thrown instanceof PaymentError) return thrown;
  log.error({ err: thrown }, 'a call failed for a reason of ours');
  return new PaymentError('INTERNAL', 'internal error', { cause: thrown });
};

/**
 * Lets in only those who may call, by their headers alone: before anything of the request is read, a stranger learns nothing
 * of it and costs no memory for it.
 */
export const authenticationInterceptor =
  (options: { authenticate: Authenticate; log: Pick<Log, 'error'> }): ServerInterceptor =>
  ({ path }, call) => {
    // Health and reflection tell nothing of anybody: probes and tools ask without a token.
    if (!isPaymentMethod(path)) return new ServerInterceptingCall(call);
    const letIn = async (metadata: Metadata) => {
      checkMetadata(metadata);
      callers.set(metadata, await options.authenticate(path, metadata));
    };
    const refuse = (thrown: unknown) => call.sendStatus(statusOf(errorOf(thrown, options.log)));
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        letIn(metadata).then(() => next(metadata), refuse);
      })
      .build();
    return new ServerInterceptingCall(call, { start: (next) => next(listener) });
  };
