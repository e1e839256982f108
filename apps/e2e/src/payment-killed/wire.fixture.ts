import type { Seen } from '../hold-database.fixture.ts';
import type { Subject } from './subject.fixture.ts';

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
