import type { handleBidiStreamingCall, Server } from '@grpc/grpc-js';
import { PaymentError } from '../call/payment-error.ts';
import { statusOf } from '../call/status-of.ts';

/** What grpc-js keeps of a method. */
type Method = {
  type: 'bidi';
  path: string;
  func: handleBidiStreamingCall<Buffer, Buffer>;
  serialize: (message: Buffer) => Buffer;
  deserialize: (bytes: Buffer) => Buffer;
};

/** The path by which interceptors know a method that is not there, whatever was asked for. */
export const unknownPath = 'unknown';

/** A stream both ways is answered at its headers: nothing is read. */
const unknownMethod: Method = {
  type: 'bidi',
  path: unknownPath,
  func: (call) =>
    void call.emit('error', statusOf(new PaymentError('UNIMPLEMENTED', 'there is no such method'))),
  serialize: (message) => message,
  deserialize: (bytes) => bytes,
};

/**
 * Answers calls of methods that are not there with a reason. grpc-js 1.14 answers them before any interceptor, repeats the
 * path, whatever is in it, and has no other door for that than the look-up of a method.
 */
export const answerUnknownMethods = (server: Server): void => {
  const inner = server as unknown as { _retrieveHandler: (path: string) => object | null };
  const find = inner._retrieveHandler.bind(server);
  inner._retrieveHandler = (path) => find(path) ?? unknownMethod;
};
