import { pollUntil } from '@payments/servers';
import type pg from 'pg';

/** How long the end of a reader may take, in milliseconds. */
const graceMs = 30_000;

/**
 * Makes a slot for `pgoutput` in the database of `client`. Its reader may be stopped for as long as others have their turns:
 * PostgreSQL, which would take it for dead after a minute, waits for it without an end. Disposing drops it once nobody reads it.
 */
export async function openSlot(client: pg.Client, name: string): Promise<AsyncDisposable> {
  const { rows } = await client.query<{ database: string }>(
    'select quote_ident(current_database()) as database',
  );
  await client.query(`alter database ${rows[0]?.database} set wal_sender_timeout = 0`);
  await client.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [name]);
  return {
    [Symbol.asyncDispose]: async () => {
      const idle = async () => ((await isRead(client, name)) ? undefined : (true as const));
      await pollUntil({ for: `the end of the reader of ${name}`, timeoutMs: graceMs }, idle);
      await client.query('select pg_drop_replication_slot($1)', [name]);
    },
  };
}

/** Whether somebody reads a slot. */
export async function isRead(client: pg.Client, name: string): Promise<boolean> {
  const { rowCount } = await client.query(
    'select from pg_replication_slots where slot_name = $1 and active',
    [name],
  );
  return rowCount === 1;
}

/** Waits until the reader of a slot was sent all of the log that there is: what others wrote meanwhile has gone by. */
export async function untilSent(client: pg.Client, name: string, timeoutMs: number): Promise<void> {
  const { rows } = await client.query<{ lsn: string }>('select pg_current_wal_insert_lsn()::text as lsn');
  await pollUntil({ for: `the reader of ${name} to have read the log`, timeoutMs, everyMs: 50 }, async () => {
    const { rowCount } = await client.query(
      `select from pg_replication_slots join pg_stat_replication on pid = active_pid
        where slot_name = $1 and sent_lsn >= $2::pg_lsn`,
      [name, rows[0]?.lsn],
    );
    return rowCount === 1 ? true : undefined;
  });
}
