import { ServerInterceptingCall, status } from '@grpc/grpc-js';
import type { ServerInterceptor } from '@grpc/grpc-js';
import { statusDetailsTrailer } from '@payments/contracts';
import { PaymentError } from '../call/payment-error.ts';
import type { PaymentErrorReason } from '../call/payment-error.ts';
import { statusOf } from '../call/status-of.ts';

type Status = Parameters<ServerInterceptingCall['sendStatus']>[0];
type Explanation = readonly [said: RegExp, reason: PaymentErrorReason, message: string];

/**
 * What grpc-js 1.14 says by itself. It calls bytes that it cannot read its own fault (INTERNAL), which would page somebody
 * and tell the caller to complain; and it repeats what was sent.
 */
const explanations: Partial<Record<status, readonly Explanation[]>> = {
  [status.INTERNAL]: [
    [/^Error deserializing request/, 'INVALID_REQUEST', 'the request is not a message of the method'],
    [/^Failed to decompress/, 'INVALID_REQUEST', 'the request is not compressed as its headers say'],
    [/^Invalid grpc-timeout/, 'INVALID_REQUEST', 'grpc-timeout is not up to 8 digits and one of HMSmun'],
    [/./, 'INTERNAL', 'internal error'],
  ],
  [status.UNKNOWN]: [[/./, 'INTERNAL', 'internal error']],
  [status.RESOURCE_EXHAUSTED]: [[/larger than/, 'TOO_LARGE', 'the request is larger than 256 KiB']],
  [status.DEADLINE_EXCEEDED]: [[/./, 'DEADLINE_EXCEEDED', 'the deadline of the call has passed']],
  [status.UNIMPLEMENTED]: [
    [/unsupported encoding/, 'UNIMPLEMENTED', 'requests are taken as they are, or as gzip or deflate'],
    [/request message/, 'UNIMPLEMENTED', 'the method takes exactly one request'],
    [/./, 'UNIMPLEMENTED', 'there is no such method'],
  ],
};

const explain = (said: Status): Status => {
  if (said.code === status.OK || said.metadata?.get(statusDetailsTrailer).length) return said;
  const [, reason, message] = explanations[said.code]?.find(([pattern]) => pattern.test(said.details)) ?? [];
  return reason && message ? statusOf(new PaymentError(reason, message)) : said;
};

/**
 * Gives the statuses that grpc-js sends by itself their reason. It must come before every interceptor that makes a call of
 * its own: it is handed the one that sends them, past every responder, by its own `sendStatus`.
 */
export const explainStatus: ServerInterceptor = (_method, call) => {
  const send = call.sendStatus.bind(call);
  call.sendStatus = (said) => send(explain(said));
  return new ServerInterceptingCall(call);
};
