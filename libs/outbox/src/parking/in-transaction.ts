import type { ClientBase } from 'pg';

/**
 * Runs `work` in one transaction. A failure needs no rollback: it is the end of the relay's session, and so of its
 * connection.
 */
export async function inTransaction<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('begin');
  const result = await work();
  await client.query('commit');
  return result;
}
