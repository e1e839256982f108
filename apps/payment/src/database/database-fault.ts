/** Node's codes of a server that cannot be reached, and pg's texts of one that was lost, which have no code. */
const unreachable = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)/;
const lost =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect)/;

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

const causes = (error: unknown): Error[] => {
  if (!(error instanceof Error)) return [];
  const inner = error instanceof AggregateError ? error.errors : [error.cause];
  return [error, ...inner.flatMap(causes)];
};

const faultOf = (error: Error): DatabaseFault | undefined => {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (unreachable.test(code) || lost.test(error.message)) return 'UNAVAILABLE';
  return faults.find(([pattern]) => pattern.test(code))?.[1];
};

/** Reads an error of PostgreSQL, pg or Node by its code, however it is wrapped; OTHER if it is none of those. */
export const databaseFault = (error: unknown): DatabaseFault =>
  causes(error)
    .map(faultOf)
    .find((fault) => fault !== undefined) ?? 'OTHER';
