import type { Passing } from '@payments/testing';
import type { Subject } from './subject.fixture.ts';
import type { World } from './world.fixture.ts';

/** A chunk between the service and PostgreSQL, with the transaction that it belongs to. */
export interface Seen {
  /** From the service to PostgreSQL, or back. */
  sends: boolean;
  /** All that went either way on this connection since the transaction began, this chunk last. */
  transaction: string;
}

/** Holds the connection on which this is seen, before the chunk passes. */
export function holdDatabase({ database }: World, isPoint: (seen: Seen) => boolean): Promise<Passing> {
  const transactions = new Map<number, string>();
  return database.faultWhen(({ direction, connection, bytes }) => {
    const text = bytes.toString('latin1');
    const sends = direction === 'request';
    const before = sends && text.includes('begin') ? '' : (transactions.get(connection) ?? '');
    const transaction = before + text;
    transactions.set(connection, transaction);
    return isPoint({ sends, transaction }) ? 'hold' : 'pass';
  });
}

/** Whether its COMMIT has been sent. */
export const commits = ({ transaction }: Seen): boolean => transaction.includes('commit\0');

/** Whether it stores the intent of this subject. */
export const intentOf = ({ mark }: Subject, { transaction }: Seen): boolean =>
  transaction.includes('insert into "payment"."gateway_task"') && transaction.includes(mark);

/** Whether it stores the outcome of what has this key. */
export const outcomeOf = (key: string | undefined, { transaction }: Seen): boolean =>
  transaction.includes('delete from "payment"."gateway_task"') && includes(transaction, key);

/** Whether it takes up the task of this key. */
export const claimOf = (key: string | undefined, { transaction }: Seen): boolean =>
  transaction.includes('skip locked') && includes(transaction, key);

const includes = (text: string, key: string | undefined) => key !== undefined && text.includes(key);
