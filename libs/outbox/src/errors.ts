import { types as realm } from 'node:util';

/** What went wrong, for the code that decides what to do about it. */
export type OutboxErrorCode =
  /** The database cannot be reached, or the connection was lost. */
  | 'DATABASE_UNAVAILABLE'
  /** The schema is missing or old, and this role may not change it. */
  | 'SCHEMA_OUTDATED'
  /** The server or the way to it cannot carry a relay: a pooler, a replica, an old version. */
  | 'SERVER_UNSUITABLE'
  /** The log and its checkpoints do not fit each other. */
  | 'LOG_INCONSISTENT'
  /** The call itself is wrong. */
  | 'MISUSE'
  /** The database refused a statement. */
  | 'DATABASE_REFUSED';

/** The one error that this library throws. `retriable`: the same call may succeed later without a change. */
export class OutboxError extends Error {
  readonly code: OutboxErrorCode;
  readonly retriable: boolean;

  constructor(
    code: OutboxErrorCode,
    message: string,
    options: { retriable?: boolean; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'OutboxError';
    this.code = code;
    this.retriable = options.retriable ?? code === 'DATABASE_UNAVAILABLE';
  }
}

/** Any thrown value as an OutboxError: told apart by SQLSTATE, or by its absence when no server answered. */
export function outboxError(thrown: unknown): OutboxError {
  if (thrown instanceof OutboxError) return thrown;
  // Not `instanceof`: an error of Node's own may come from another realm, as it does under jest.
  const error = realm.isNativeError(thrown) ? thrown : new Error(String(thrown));
  const sqlState = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (serverAnswered(sqlState) && !serverGoesAway(sqlState)) {
    return new OutboxError('DATABASE_REFUSED', `PostgreSQL refused: ${error.message} (${sqlState})`, {
      retriable: true,
      cause: error,
    });
  }
  return new OutboxError('DATABASE_UNAVAILABLE', `PostgreSQL is not available: ${reasonOf(error)}`, {
    cause: error,
  });
}

/** SQLSTATEs have five characters; Node's own codes, such as ECONNREFUSED, are longer. */
const serverAnswered = (code: string): boolean => /^[0-9A-Z]{5}$/.test(code);

/** Classes 08 (connection), 57P (operator intervention, starting up, shutting down) and 53300 (too many connections). */
const serverGoesAway = (code: string): boolean => /^(08|57P|53300)/.test(code);

/** Node reports a refused connection to a name with several addresses as an AggregateError without a message. */
function reasonOf(error: Error): string {
  if ('errors' in error && Array.isArray(error.errors) && error.errors.length > 0)
    return String(error.errors[0]);
  return error.message || error.name;
}
