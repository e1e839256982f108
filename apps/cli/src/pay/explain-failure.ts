import { status } from '@grpc/grpc-js';
import type { RpcError } from '@payments/contracts';
import { strangersText } from '../terminal/texts.ts';
import { reasonRemedy } from './reason-remedy.ts';
import type { Deed } from './reason-remedy.ts';
import { transportRemedy } from './transport-failure.ts';

/** What was tried, for whoever has to make sense of the failure. */
export type Attempt = {
  address: string;
  /** Whether the connection was to be encrypted. */
  tls: boolean;
  deed: Deed;
  /** Absent for what changes nothing. */
  requestId?: string;
  /** The reservations as they were typed, in order. */
  reservations?: readonly string[];
};

type Violation = NonNullable<NonNullable<RpcError['details']>['violations']>[number];

/** `reservations[1].amount` as a line that shows what was typed there. */
const violationLine = ({ field, description, reason }: Violation, { reservations = [] }: Attempt): string => {
  const index = /^reservations\[(\d+)\]/.exec(field)?.[1];
  const typed = index === undefined ? undefined : reservations[Number(index)];
  return `  ${strangersText(field)}${typed === undefined ? '' : ` (${strangersText(typed)})`} ${strangersText(description || reason, 500)}`;
};

/** After these the outcome may be unknown, or the same request may do better later. */
const mayBeSentAgain: readonly number[] = [
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.CANCELLED,
  status.INTERNAL,
  status.RESOURCE_EXHAUSTED,
];

const refusal = {
  order: 'the request is refused, and nothing was paid',
  refund: 'the request is refused, and nothing was paid back',
  look: 'the request is refused',
} as const;

/** How to send a request again; empty where it changes nothing. */
export const howToRepeat = ({ deed, requestId }: Pick<Attempt, 'deed' | 'requestId'>): string => {
  if (requestId === undefined) return '';
  const twice = deed === 'refund' ? 'paying back' : 'paying';
  return `To send the same request again without ${twice} twice, add --request-id ${strangersText(requestId)}`;
};

/** What went wrong and its remedy, in a line. */
export const briefly = (error: RpcError, attempt: Attempt): string => {
  const transport = transportRemedy(error, attempt);
  if (transport !== undefined) return strangersText(transport, 1_000);
  const {
    reason = status[error.code] ?? String(error.code),
    metadata = {},
    violations = [],
  } = error.details ?? {};
  // The service's message names the bad fields as well, for those who read nothing else: here each has its own line.
  const message = violations.length > 0 ? refusal[attempt.deed] : strangersText(error.message, 1_000);
  const remedy = reasonRemedy(reason, { deed: attempt.deed, metadata });
  return `${strangersText(reason)}: ${message}${remedy ? `. ${strangersText(remedy, 500)}` : ''}`;
};

/** Says what went wrong and what to do about it: every bad field of a refused request, or how to send it again. */
export const explainFailure = (error: RpcError, attempt: Attempt): string => {
  const violations = error.details?.violations ?? [];
  return [
    briefly(error, attempt),
    ...violations.map((violation) => violationLine(violation, attempt)),
    mayBeSentAgain.includes(error.code) ? howToRepeat(attempt) : '',
  ]
    .filter(Boolean)
    .join('\n');
};
