import { status } from '@grpc/grpc-js';
import type { handleUnaryCall } from '@grpc/grpc-js';
import type { Log } from '@payments/runtime';
import type { PaymentError } from '../call/payment-error.ts';
import type { Admission } from '../server/admission.ts';
import type { CallContext } from '../call/call-context.ts';
import { paymentErrorOf } from './payment-error-of.ts';
import { readCallContext } from './read-call-context.ts';
import { statusOf } from '../call/status-of.ts';

/** The part of a logger that is needed here. */
export type CallLog = Pick<Log, 'error' | 'warn'>;

const report = (log: CallLog, error: PaymentError): void => {
  if (error.code === status.INTERNAL) log.error({ err: error }, 'a call failed for a reason of ours');
  // The database, the payment gateway or the keys of tokens may be away.
  if (error.code === status.UNAVAILABLE)
    log.warn({ err: error }, `a call failed with ${error.details.reason}`);
};

/**
 * Serves a method with an async function, if there is a place for one more call. What it throws becomes a gRPC status with
 * its details, through one normaliser, and is logged if it is a fault of ours.
 */
export const unaryHandler =
  <Request, Reply>(
    { log, admission }: { log: CallLog; admission: Pick<Admission, 'enter' | 'leave'> },
    handle: (request: Request, context: CallContext) => Promise<Reply>,
  ): handleUnaryCall<Request, Reply> =>
  (call, callback) => {
    const context = readCallContext(call);
    admitted(admission, () => handle(call.request, context)).then(
      (reply) => callback(null, reply),
      (thrown: unknown) => {
        const error = paymentErrorOf(thrown, context);
        report(log, error);
        callback(statusOf(error));
      },
    );
  };

const admitted = async <T>(
  { enter, leave }: Pick<Admission, 'enter' | 'leave'>,
  work: () => Promise<T>,
): Promise<T> => {
  enter();
  try {
    return await work();
  } finally {
    leave();
  }
};
