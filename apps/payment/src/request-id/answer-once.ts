import { advisoryLockClass } from '../database/advisory-locks.ts';
import { databaseFault } from '../database/database-fault.ts';
import type { UnitOfWork } from '../database/in-transaction.ts';
import { StoredRequest } from '../database/stored-request.ts';
import { PaymentError } from '../call/payment-error.ts';
import { requestInProgress } from './until-decided.ts';

/** A request as it is known again: the same id of another caller or method is another request. */
export type RequestKey = {
  caller: string;
  method: 'ExecutePayments' | 'RefundPayment';
  /** Absent: the request is never known again. */
  requestId?: string;
  /** SHA-256 of what was asked. */
  requestHash: Buffer;
};

/**
 * What a request came to.
 * - FIRST: the work was done, now.
 * - REPEATED: it was done before; these are the ids of what it made, in the order asked.
 * - STORED: it was done by a version of the service that kept the bytes of its reply.
 */
export type Answered<T> =
  | { kind: 'FIRST'; work: T }
  | { kind: 'REPEATED'; made: readonly string[] }
  | { kind: 'STORED'; reply: Uint8Array };

/**
 * Does the work of a request that has an id once. Of two at the same time the second waits for the first; what was made is
 * stored in the transaction that made it, so there is none without the other. A repeat that found the row answers from the
 * rows it names, which stay: the row itself may be cleaned away meanwhile.
 * @throws PaymentError REQUEST_ID_REUSED for the same id with another request; REQUEST_IN_PROGRESS when the first is not
 *   done before the time for waiting is over
 */
export const answerOnce = async <T>(
  options: { em: UnitOfWork; request: RequestKey; madeOf: (work: T) => string[]; now: Date },
  work: () => Promise<T>,
): Promise<Answered<T>> => {
  const { em, request, madeOf, now } = options;
  const { caller, method, requestId, requestHash } = request;
  if (requestId === undefined) return { kind: 'FIRST', work: await work() };
  const id = { caller, method, requestId };
  await waitForTurn(em, id);
  const stored = await em.findOne(StoredRequest, id);
  if (stored) {
    if (!requestHash.equals(stored.requestHash)) throw reused(requestId);
    if (stored.made) return { kind: 'REPEATED', made: stored.made };
    return { kind: 'STORED', reply: stored.reply ?? new Uint8Array() };
  }
  const done = await work();
  em.create(StoredRequest, { ...id, requestHash, made: madeOf(done), reply: null, createdAt: now });
  return { kind: 'FIRST', work: done };
};

/** Takes the request's lock to the end of the transaction. It is taken before all others, so it cannot deadlock with them. */
const waitForTurn = async (em: UnitOfWork, id: Omit<RequestKey, 'requestHash'>): Promise<void> => {
  try {
    const key = JSON.stringify([id.caller, id.method, id.requestId]);
    await em.execute('select pg_advisory_xact_lock(?, hashtext(?))', [advisoryLockClass.request, key]);
  } catch (cause) {
    throw databaseFault(cause) === 'LOCK_TIMEOUT' ? requestInProgress(cause) : cause;
  }
};

const reused = (requestId: string) =>
  new PaymentError(
    'REQUEST_ID_REUSED',
    'request_id was used for another request: give every request an id of its own',
    { metadata: { request_id: requestId } },
  );
