import { status } from '@grpc/grpc-js';
import type { RpcErrorDetails } from '@payments/contracts';

/** Whose reasons these are (`google.rpc.ErrorInfo.domain`). */
const errorDomain = 'payment.v1';

/** One bad field of a request: its path, what is wrong and how to mend it, and a reason for programs. */
export type Violation = { field: string; description: string; reason: string };

/** How each reason is told over gRPC. */
const codes = {
  INVALID_REQUEST: status.INVALID_ARGUMENT,
  REQUEST_ID_REUSED: status.ALREADY_EXISTS,
  REQUEST_IN_PROGRESS: status.ABORTED,
  CONTENTION: status.ABORTED,
  PAYMENT_NOT_FOUND: status.NOT_FOUND,
  STARTING: status.UNAVAILABLE,
  DATABASE_UNAVAILABLE: status.UNAVAILABLE,
  DEADLINE_EXCEEDED: status.DEADLINE_EXCEEDED,
  CANCELLED: status.CANCELLED,
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
