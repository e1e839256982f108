import type pg from 'pg';
import { outboxError, type OutboxError } from '../errors.ts';

/** The connection that everything about a relay's lanes goes through, so that none of it happens without their locks. */
export interface FencedConnection {
  /** Asks the server in turn: a connection answers one question at a time. A failed one ends the session. */
  ask: <T>(question: (client: pg.Client) => Promise<T>) => Promise<T>;
  /** Aborted, with an OutboxError as its reason, once the connection is gone. */
  lost: AbortSignal;
}

/** Turns every failure of the connection into one lost session. */
export function fencedConnection(client: pg.Client): FencedConnection {
  const inTurn = oneAtATime();
  const controller = new AbortController();
  const lose = (thrown: unknown): OutboxError => {
    const error = outboxError(thrown);
    if (!controller.signal.aborted) controller.abort(error);
    return error;
  };
  client.on('error', lose);
  client.on('end', () => lose(new Error('the connection ended')));
  return {
    lost: controller.signal,
    ask: (question) =>
      inTurn(() => {
        // A connection that has gone silent fails each statement only after its time: one is enough.
        controller.signal.throwIfAborted();
        return question(client);
      }).catch((thrown: unknown) => {
        throw lose(thrown);
      }),
  };
}

/** Runs tasks one after the other. A failed task does not stop the next. */
function oneAtATime() {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(task: () => Promise<T>): Promise<T> => {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  };
}
