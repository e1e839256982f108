import { PaymentError } from '../call/payment-error.ts';
import type { CallContext } from '../call/call-context.ts';
import type { Database } from './open-database.ts';

/** The unit of work of one transaction. */
export type UnitOfWork = Database['em'];

/** What bounds a transaction in time: a call, or work of the service's own. */
export type TimeBound = Pick<CallContext, 'signal' | 'deadline'>;

/**
 * What is left of a call's time for waiting, for locks, for others, or for the payment gateway: the rest is for the answer,
 * which a caller past its deadline never sees.
 */
const waitingShare = 0.8;

/** When a call has waited long enough, in milliseconds since the epoch. In the past for a call past its deadline. */
export const waitingEnd = ({ deadline }: Pick<CallContext, 'deadline'>): number => {
  const now = Date.now();
  return Math.floor(now + (deadline - now) * waitingShare);
};

/** A bound of its own for work that goes on when its caller has gone. */
export const detached = (withinMs: number): TimeBound => ({
  signal: new AbortController().signal,
  deadline: Date.now() + withinMs,
});

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
 *
 * `work` is given the time at which the transaction began, by the clock of the database: one clock for all instances.
 */
export const inTransaction = <T>(
  options: { database: Database; context: TimeBound; readOnly?: boolean },
  work: (em: UnitOfWork, now: Date) => Promise<T>,
): Promise<T> => {
  const { database, context, readOnly = false } = options;
  // It forks by itself. A fork of ours around its own would be handed all entities at the end, and nobody would use it.
  return database.em.transactional(
    async (em) => {
      // The wait for another payer may end together with the caller: what comes after it has no signal, the COMMIT above all.
      em.getEventManager().registerSubscriber({
        beforeTransactionCommit: () => context.signal.throwIfAborted(),
      });
      const remaining = remainingMs(context);
      const lockMs = Math.ceil(remaining * waitingShare);
      const [row] = await em.execute<{ now: string }[]>(
        `select set_config('transaction_timeout', ?, true), set_config('lock_timeout', ?, true),
          floor(extract(epoch from now()) * 1000) as now`,
        [String(remaining), String(lockMs)],
      );
      return work(em, new Date(Number(row?.now)));
    },
    { signal: context.signal, readOnly },
  );
};
