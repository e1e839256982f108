import { status } from '@grpc/grpc-js';
import type { RpcError } from '@payments/contracts';

/** What was tried, for whoever has to make sense of the failure. */
export type Attempt = {
  address: string;
  requestId: string;
  /** The reservations as they were typed, in order. */
  reservations: readonly string[];
};

type Violation = NonNullable<NonNullable<RpcError['details']>['violations']>[number];

/** `reservations[1].amount` as a line that shows what was typed there. */
const violationLine = ({ field, description, reason }: Violation, { reservations }: Attempt): string => {
  const index = /^reservations\[(\d+)\]/.exec(field)?.[1];
  const typed = index === undefined ? undefined : reservations[Number(index)];
  return `  ${field}${typed === undefined ? '' : ` (${typed})`} ${description || reason}`;
};

/**
 * grpc-js found nobody to send the request to, so certainly nothing was paid. A connection lost during the call is
 * UNAVAILABLE as well, and then the outcome is not known.
 */
const isUnreachable = ({ message, details }: RpcError): boolean =>
  !details && /^(No connection established|Name resolution failed)/.test(message);

/** What grpc-js says of the failure to people: the rest is about how it resolved the name, and mostly empty. */
const withoutNote = (message: string): string => message.replace(/\.? Resolution note: .*$/s, '');

/** After these the outcome may be unknown, or the same request may do better later. */
const mayBeSentAgain: readonly number[] = [
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.CANCELLED,
  status.INTERNAL,
];

/** Says what went wrong and what to do about it: every bad field of a refused request, or how to send it again. */
export const explainFailure = (error: RpcError, attempt: Attempt): string => {
  if (isUnreachable(error)) {
    return `The payment service cannot be reached at ${attempt.address}. Start it with \`npm start\`, or name another one with --address. (${withoutNote(error.message)})`;
  }
  const again = mayBeSentAgain.includes(error.code)
    ? [`To send the same request again without paying twice, add --request-id ${attempt.requestId}`]
    : [];
  const violations = error.details?.violations ?? [];
  // The service's message names the bad fields as well, for those who read nothing else: here each has its own line.
  const message = violations.length > 0 ? 'the request is refused, and nothing was paid' : error.message;
  return [
    `${error.details?.reason ?? status[error.code] ?? error.code}: ${message}`,
    ...violations.map((violation) => violationLine(violation, attempt)),
    ...again,
  ].join('\n');
};
