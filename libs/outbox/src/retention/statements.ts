import { OutboxError } from '../errors.ts';

/**
 * Where statements without parameters go: a client of pg, or a relay's session, which asks them in turn with everything else.
 * Without parameters they travel by the simple protocol, in which the server needs nothing more from the client once it has
 * the statement: a client that freezes leaves no transaction open.
 */
export interface Statements {
  query(text: string): Promise<{ rows: unknown[] }>;
}

/** An interval of whole hours, as an SQL literal. @throws {OutboxError} MISUSE when it is none */
export function hoursLiteral(hours: number): string {
  if (!Number.isInteger(hours) || hours < 1)
    throw new OutboxError('MISUSE', `A retention is a whole number of hours, one or more; this is ${hours}.`);
  return `interval '${hours} hours'`;
}

/** A point of time, as an SQL expression: the server's own where none is given. */
export const timeLiteral = (at: Date | undefined): string =>
  at ? `timestamptz '${at.toISOString()}'` : 'clock_timestamp()';
