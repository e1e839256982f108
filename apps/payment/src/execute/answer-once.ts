import { createHash } from 'node:crypto';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ExecutePaymentsResponseSchema } from '@payments/contracts';
import type { ExecutePaymentsResponse } from '@payments/contracts';
import { advisoryLockClass } from '../advisory-locks.ts';
import { databaseFault } from '../database/database-fault.ts';
import type { UnitOfWork } from '../database/in-transaction.ts';
import { StoredRequest } from '../database/stored-request.ts';
import { PaymentError } from '../payment-error.ts';
import type { Order } from './read-order.ts';

/** Request ids of different methods do not meet. */
const method = 'ExecutePayments';

/** What was asked, whatever the spelling: the same order has the same hash. */
const hashOrder = ({ userId, reservations }: Order): Buffer => {
  const asked = reservations.map(({ reservationId, amount }) => [
    reservationId,
    String(amount.minor),
    amount.currency,
  ]);
  return createHash('sha256')
    .update(JSON.stringify([userId, asked]))
    .digest();
};

/**
 * Answers a request that has an id once: a repeat gets the stored answer. Of two at the same time the second waits for
 * the first; the answer is stored in the transaction that did the work, so there is none without the other.
 * @throws PaymentError REQUEST_ID_REUSED for the same id with another order; REQUEST_IN_PROGRESS when the first is not
 *   done before the time for waiting is over
 */
export const answerOnce = async (
  options: { em: UnitOfWork; caller: string; order: Order; now: Date },
  work: () => Promise<ExecutePaymentsResponse>,
): Promise<ExecutePaymentsResponse> => {
  const { em, caller, order, now } = options;
  if (order.requestId === undefined) return work();
  const id = { caller, method, requestId: order.requestId };
  await waitForTurn(em, id);
  const requestHash = hashOrder(order);
  const stored = await em.findOne(StoredRequest, id);
  if (stored) {
    if (!requestHash.equals(stored.requestHash)) throw reused(order.requestId);
    if (!stored.reply) throw new Error('a request without a reply');
    return fromBinary(ExecutePaymentsResponseSchema, stored.reply);
  }
  const reply = await work();
  const bytes = Buffer.from(toBinary(ExecutePaymentsResponseSchema, reply));
  em.create(StoredRequest, { ...id, requestHash, made: null, reply: bytes, createdAt: now });
  return reply;
};

type RequestKey = { caller: string; method: string; requestId: string };

/** Takes the request's lock to the end of the transaction. It is taken before all others, so it closes no circle. */
const waitForTurn = async (em: UnitOfWork, { caller, requestId }: RequestKey): Promise<void> => {
  try {
    const key = JSON.stringify([caller, method, requestId]);
    await em.execute('select pg_advisory_xact_lock(?, hashtext(?))', [advisoryLockClass.request, key]);
  } catch (cause) {
    if (databaseFault(cause) !== 'LOCK_TIMEOUT') throw cause;
    throw new PaymentError('REQUEST_IN_PROGRESS', 'the same request is still in progress: send it again', {
      cause,
      retryDelayMs: 500,
    });
  }
};

const reused = (requestId: string) =>
  new PaymentError(
    'REQUEST_ID_REUSED',
    'request_id was used for another order: give every order an id of its own',
    {
      metadata: { request_id: requestId },
    },
  );
