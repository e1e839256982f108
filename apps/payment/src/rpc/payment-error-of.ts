import { databaseFault } from '../database/database-fault.ts';
import { PaymentError } from '../call/payment-error.ts';
import type { CallContext } from '../call/call-context.ts';

/**
 * The one normaliser: whatever was thrown, as an error for the caller. What is not meant for callers (SQL, hosts, stacks)
 * stays in `cause`.
 */
export const paymentErrorOf = (thrown: unknown, context: CallContext): PaymentError => {
  if (thrown instanceof PaymentError) return thrown;
  if (Date.now() >= context.deadline) {
    return new PaymentError('DEADLINE_EXCEEDED', 'the deadline of the call has passed', { cause: thrown });
  }
  if (context.signal.aborted) return new PaymentError('CANCELLED', 'the caller cancelled', { cause: thrown });
  return databaseError(thrown);
};

const databaseError = (cause: unknown): PaymentError => {
  const fault = databaseFault(cause);
  switch (fault) {
    case 'CONFLICT':
    case 'LOCK_TIMEOUT':
      return new PaymentError('CONTENTION', 'another payment of the same reservations is in progress', {
        cause,
      });
    case 'TIMEOUT':
      return new PaymentError('DEADLINE_EXCEEDED', 'the deadline of the call has passed', { cause });
    case 'UNAVAILABLE':
      return new PaymentError(
        'DATABASE_UNAVAILABLE',
        'the database is not available; send the same request with the same request_id again',
        { cause },
      );
    case 'OTHER':
      return new PaymentError('INTERNAL', 'internal error', { cause });
    default:
      return fault satisfies never;
  }
};
