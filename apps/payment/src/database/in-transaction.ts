import { PaymentError } from '../payment-error.ts';
import type { CallContext } from '../rpc/call-context.ts';
import type { Database } from './open-database.ts';

/** The unit of work of one transaction. */
export type UnitOfWork = Database['em'];

/** What is left of a call's time for locks: the rest is for the answer, which a caller past its deadline never sees. */
const lockShare = 0.8;

/** Milliseconds until the call's deadline. @throws PaymentError DEADLINE_EXCEEDED when there are none. */
export const remainingMs = ({ deadline }: Pick<CallContext, 'deadline'>): number => {
  const remaining = Math.floor(deadline - Date.now());
  if (remaining <= 0) throw new PaymentError('DEADLINE_EXCEEDED', 'the deadline of the call has passed');
  return remaining;
};

/**
 * Does `work` in one transaction and one unit of work, flushed and committed at its end; whatever is thrown rolls it back.
 *
 * The call's deadline becomes `transaction_timeout` (`statement_timeout` would bound each statement, not all of them), and
 * waiting for a lock ends earlier, gently: `transaction_timeout` also ends the connection. Both are set after a
 * connection was had, since waiting for one takes time too.
 */
export const inTransaction = <T>(
  options: { database: Database; context: CallContext; readOnly?: boolean },
  work: (em: UnitOfWork) => Promise<T>,
): Promise<T> => {
  const { database, context, readOnly = false } = options;
  return database.em.fork().transactional(
    async (em) => {
      const remaining = remainingMs(context);
      const lockMs = Math.ceil(remaining * lockShare);
      await em.execute(
        `select set_config('transaction_timeout', ?, true), set_config('lock_timeout', ?, true)`,
        [String(remaining), String(lockMs)],
      );
      return work(em);
    },
    { signal: context.signal, readOnly },
  );
};
