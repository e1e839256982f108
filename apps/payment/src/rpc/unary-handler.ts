import { status } from '@grpc/grpc-js';
import type { handleUnaryCall } from '@grpc/grpc-js';
import { rpcErrorMetadata } from '@payments/contracts';
import type { Log } from '@payments/runtime';
import type { PaymentError } from '../payment-error.ts';
import { callContext } from './call-context.ts';
import type { CallContext } from './call-context.ts';
import { paymentErrorOf } from './payment-error-of.ts';

/** The part of a logger that is needed here. */
export type CallLog = Pick<Log, 'error' | 'warn'>;

const report = (log: CallLog, error: PaymentError): void => {
  if (error.code === status.INTERNAL) log.error({ err: error }, 'a call failed for a reason of ours');
  if (error.code === status.UNAVAILABLE) log.warn({ err: error }, 'a call failed: the database is away');
};

/**
 * Serves a method with an async function. What it throws becomes a gRPC status with its details, through one normaliser;
 * faults of our own are logged here, and only here.
 */
export const unaryHandler =
  <Request, Reply>(
    log: CallLog,
    handle: (request: Request, context: CallContext) => Promise<Reply>,
  ): handleUnaryCall<Request, Reply> =>
  (call, callback) => {
    const context = callContext(call);
    handle(call.request, context).then(
      (reply) => callback(null, reply),
      (thrown: unknown) => {
        const error = paymentErrorOf(thrown, context);
        report(log, error);
        const { code, message, details } = error;
        callback({ code, details: message, metadata: rpcErrorMetadata(code, message, details) });
      },
    );
  };
