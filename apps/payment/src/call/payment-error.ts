import { status } from '@grpc/grpc-js';
import type { RpcErrorDetails } from '@payments/contracts';

/** Whose reasons these are (`google.rpc.ErrorInfo.domain`). */
const errorDomain = 'payment.v1';

/** One bad field of a request: its path, what is wrong and how to mend it, and a reason for programs. */
export type Violation = { field: string; description: string; reason: string };

/** After how many milliseconds the same request may be sent again, where that is worth it. */
const retry = {
  /** Somebody else holds the rows, and is soon done. */
  soon: 200,
  /** Somebody else is at the very same request, perhaps at the payment gateway with it. */
  underWay: 500,
  /** Something is away, or has too much to do: less would keep it there. */
  later: 1_000,
  /** Another instance can answer at once. */
  elsewhere: 50,
};

/** How each reason is told over gRPC, and when to come back. */
const reasons = {
  INVALID_REQUEST: { code: status.INVALID_ARGUMENT },
  TOKEN_MISSING: { code: status.UNAUTHENTICATED },
  TOKEN_INVALID: { code: status.UNAUTHENTICATED },
  SCOPE_MISSING: { code: status.PERMISSION_DENIED },
  OTHER_USER: { code: status.PERMISSION_DENIED },
  PAYMENT_NOT_FOUND: { code: status.NOT_FOUND },
  REQUEST_ID_REUSED: { code: status.ALREADY_EXISTS },
  NOT_COMPLETED: { code: status.FAILED_PRECONDITION },
  REFUND_DECLINED: { code: status.FAILED_PRECONDITION },
  REQUEST_IN_PROGRESS: { code: status.ABORTED, retryDelayMs: retry.underWay },
  CONTENTION: { code: status.ABORTED, retryDelayMs: retry.soon },
  OVERLOADED: { code: status.RESOURCE_EXHAUSTED, retryDelayMs: retry.later },
  TOO_LARGE: { code: status.RESOURCE_EXHAUSTED },
  STARTING: { code: status.UNAVAILABLE, retryDelayMs: retry.later },
  STOPPING: { code: status.UNAVAILABLE, retryDelayMs: retry.elsewhere },
  DATABASE_UNAVAILABLE: { code: status.UNAVAILABLE, retryDelayMs: retry.later },
  AUTHORIZER_UNAVAILABLE: { code: status.UNAVAILABLE, retryDelayMs: retry.later },
  TOKEN_KEYS_UNAVAILABLE: { code: status.UNAVAILABLE, retryDelayMs: retry.later },
  DEADLINE_EXCEEDED: { code: status.DEADLINE_EXCEEDED },
  CANCELLED: { code: status.CANCELLED },
  UNIMPLEMENTED: { code: status.UNIMPLEMENTED },
  INTERNAL: { code: status.INTERNAL },
} as const satisfies Record<string, { code: status; retryDelayMs?: number }>;

/** Why a call failed. */
export type PaymentErrorReason = keyof typeof reasons;

/** Every reason. */
export const paymentErrorReasons = Object.keys(reasons) as PaymentErrorReason[];

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
    const { code, ...retryInfo }: { code: status; retryDelayMs?: number } = reasons[reason];
    this.code = code;
    this.details = { reason, domain: errorDomain, ...retryInfo, ...details };
  }
}
