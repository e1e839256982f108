import type { Passing, TcpProxy } from '@payments/testing';

/** A chunk between a service and PostgreSQL, with the transaction that it belongs to. */
export interface Seen {
  /** From the service to PostgreSQL, or back. */
  sends: boolean;
  /** All that went either way on this connection since the transaction began, this chunk last. */
  transaction: string;
}

/**
 * Holds the connection on which this is seen, before the chunk passes. `begins`: whether a chunk to PostgreSQL is the first
 * of a transaction; one that says `begin`, unless told.
 */
export function holdDatabase(
  { database }: { database: TcpProxy },
  isPoint: (seen: Seen) => boolean,
  begins: (text: string) => boolean = (text) => text.includes('begin'),
): Promise<Passing> {
  const transactions = new Map<number, string>();
  return database.faultWhen(({ direction, connection, bytes }) => {
    const text = bytes.toString('latin1');
    const sends = direction === 'request';
    const before = sends && begins(text) ? '' : (transactions.get(connection) ?? '');
    const transaction = before + text;
    transactions.set(connection, transaction);
    return isPoint({ sends, transaction }) ? 'hold' : 'pass';
  });
}
