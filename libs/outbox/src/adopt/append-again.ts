import type { ClientBase } from 'pg';

/**
 * Appends what this transaction has set aside and marked, in the order of the log: the trigger numbers the rows anew and gives
 * them this transaction, so that one window brings them all. In the mode of buckets, which bounds the locks; nobody else
 * holds any, behind the lock on the table. Slots are of the present: retention counts from now.
 */
const appendMarked = `
insert into outbox.message (id, topic, key, type, payload, headers, created_at)
select id, topic, key, type, payload, headers, created_at
  from outbox.set_aside where adopted and set_aside_at = now()
 order by native, seq`;

/** Appends the messages to adopt; their number. */
export async function appendAgain(client: ClientBase): Promise<number> {
  await client.query(`set local outbox.lock_mode = 'buckets'`);
  const { rowCount } = await client.query(appendMarked);
  return rowCount ?? 0;
}
