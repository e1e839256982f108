/** Node's codes of a server that cannot be reached, and pg's texts of one that was lost, which have no code. */
const unreachable = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)/;
const lost =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Query read timeout)/;

/** What a database error means to the call that met it. */
export type DatabaseFault = 'CONFLICT' | 'LOCK_TIMEOUT' | 'TIMEOUT' | 'UNAVAILABLE' | 'OTHER';

const faults: readonly (readonly [RegExp, DatabaseFault])[] = [
  // unique_violation, serialization_failure, deadlock_detected: the whole unit of work can be done again.
  [/^(23505|40001|40P01)$/, 'CONFLICT'],
  [/^55P03$/, 'LOCK_TIMEOUT'],
  // transaction_timeout, query_canceled.
  [/^(25P04|57014)$/, 'TIMEOUT'],
  // Connection failures, shutting down or starting up, out of resources, a replica after a failover.
  [/^(08|57P|53|25006)/, 'UNAVAILABLE'],
];

/** By its form: an error of Node's own modules is no `instanceof Error` in another realm, such as a spec's. */
type ErrorLike = { message?: unknown; code?: unknown; cause?: unknown; errors?: unknown };

const causes = (error: unknown): ErrorLike[] => {
  if (typeof error !== 'object' || error === null) return [];
  const { cause, errors }: ErrorLike = error;
  return [error, ...[cause, ...(Array.isArray(errors) ? (errors as unknown[]) : [])].flatMap(causes)];
};

const faultOf = ({ code, message }: ErrorLike): DatabaseFault | undefined => {
  const text = typeof code === 'string' ? code : '';
  if (unreachable.test(text) || lost.test(String(message))) return 'UNAVAILABLE';
  return faults.find(([pattern]) => pattern.test(text))?.[1];
};

/** Reads an error of PostgreSQL, pg or Node by its code, however it is wrapped; OTHER if it is none of those. */
export const databaseFault = (error: unknown): DatabaseFault =>
  causes(error)
    .map(faultOf)
    .find((fault) => fault !== undefined) ?? 'OTHER';
