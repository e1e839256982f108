import type pg from 'pg';
import { OutboxError, outboxError } from '../errors.ts';
import type { Statements } from '../retention/statements.ts';
import { oneAtATime } from './one-at-a-time.ts';

/** The connection that everything about a relay's lanes goes through, so that none of it happens without their locks. */
export interface FencedConnection {
  /** Asks the server in turn: a connection answers one question at a time. A failed one ends the session. */
  ask: <T>(question: (client: pg.Client) => Promise<T>) => Promise<T>;
  /** Statements that PostgreSQL may refuse without an end of the session: each a transaction of its own, without parameters. */
  statements: Statements;
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
  const ask: FencedConnection['ask'] = (question) =>
    inTurn(() => {
      // A connection that has gone silent fails each statement only after its time: one is enough.
      controller.signal.throwIfAborted();
      return question(client);
    }).catch((thrown: unknown) => {
      throw lose(thrown);
    });
  return { lost: controller.signal, ask, statements: { query: refusable(ask) } };
}

/** A refusal is thrown to the caller alone; it never was a failure of the connection. */
function refusable(ask: FencedConnection['ask']): Statements['query'] {
  return async (text) => {
    const answer = await ask((client) =>
      client.query<object>(text).catch((thrown: unknown) => {
        const error = outboxError(thrown);
        if (error.code !== 'DATABASE_REFUSED') throw error;
        return error;
      }),
    );
    if (answer instanceof OutboxError) throw answer;
    return answer;
  };
}
