import { status } from '@grpc/grpc-js';
import type { RpcErrorDetails } from '@payments/contracts';

/** Whose reasons these are (`google.rpc.ErrorInfo.domain`). */
const errorDomain = 'payment.v1';

/** One bad field of a request: its path, what is wrong and how to mend it, and a reason for programs. */
export type Violation = { field: string; description: string; reason: string };

/** How each reason is told over gRPC. */
const codes = {
  INVALID_REQUEST: status.INVALID_ARGUMENT,
  TOKEN_MISSING: status.UNAUTHENTICATED,
  TOKEN_INVALID: status.UNAUTHENTICATED,
  SCOPE_MISSING: status.PERMISSION_DENIED,
  OTHER_USER: status.PERMISSION_DENIED,
  PAYMENT_NOT_FOUND: status.NOT_FOUND,
  REQUEST_ID_REUSED: status.ALREADY_EXISTS,
  NOT_COMPLETED: status.FAILED_PRECONDITION,
  REFUND_DECLINED: status.FAILED_PRECONDITION,
  REQUEST_IN_PROGRESS: status.ABORTED,
  CONTENTION: status.ABORTED,
  OVERLOADED: status.RESOURCE_EXHAUSTED,
  TOO_LARGE: status.RESOURCE_EXHAUSTED,
  STARTING: status.UNAVAILABLE,
  STOPPING: status.UNAVAILABLE,
  DATABASE_UNAVAILABLE: status.UNAVAILABLE,
  AUTHORIZER_UNAVAILABLE: status.UNAVAILABLE,
  TOKEN_KEYS_UNAVAILABLE: status.UNAVAILABLE,
  DEADLINE_EXCEEDED: status.DEADLINE_EXCEEDED,
  CANCELLED: status.CANCELLED,
  UNIMPLEMENTED: status.UNIMPLEMENTED,
  INTERNAL: status.INTERNAL,
} as const;

/** Why a call failed. */
export type PaymentErrorReason = keyof typeof codes;

/** The one error that a call of this service fails with. Its message and details are for the caller to see. */
export class PaymentError extends Error {
  override readonly name = 'PaymentError';
  /** The gRPC status code. */
  readonly code: status;
  /** For programs. */
  readonly details: RpcErrorDetails;

  constructor(
    reason: PaymentErrorReason,
    message: string,
    options: Omit<RpcErrorDetails, 'reason' | 'domain'> & { cause?: unknown } = {},
  ) {
    const { cause, ...details } = options;
    super(message, { cause });
    this.code = codes[reason];
    this.details = { reason, domain: errorDomain, ...details };
  }
}
