import type { ClientBase } from 'pg';

/**
 * Runs `work` in one transaction, in READ COMMITTED whatever the database's default: what was committed while a lock was waited
 * for has to be seen behind it. A failure needs no rollback: whoever calls this ends the connection then.
 */
export async function inTransaction<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('begin isolation level read committed read write');
  const result = await work();
  await client.query('commit');
  return result;
}
