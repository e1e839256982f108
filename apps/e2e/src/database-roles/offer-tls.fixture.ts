import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, type Pair } from '@payments/testing';
import { expect } from '@jest/globals';
import type pg from 'pg';

/** The services and the owner get in with TLS alone; in the clear only the superuser does. */
const hosts = `host all postgres 127.0.0.1/32 trust
hostssl all all 127.0.0.1/32 trust
`;

/**
 * Has a running PostgreSQL show this certificate to whoever connects from now on, and ends the connections of the services.
 * What the server reads is written as the one who runs the specs; PostgreSQL takes keys of root, and its own.
 */
export async function offerTls(superuser: pg.Client, { cert, key }: Pair): Promise<void> {
  const { rows } = await superuser.query<{ folder: string; loaded: Date }>(
    `select current_setting('data_directory') as folder, pg_conf_load_time() as loaded`,
  );
  const [before] = rows;
  const folder = before?.folder ?? '';
  await writeFile(join(folder, 'server.crt'), cert);
  await writeFile(join(folder, 'server.key'), key, { mode: 0o600 });
  await writeFile(join(folder, 'pg_hba.conf'), hosts);
  await superuser.query('alter system set ssl = on');
  await superuser.query('select pg_reload_conf()');
  await eventually(async () => {
    const now = await superuser.query<{ loaded: Date }>('select pg_conf_load_time() as loaded');
    expect(now.rows[0]?.loaded).not.toEqual(before?.loaded);
  });
  await superuser.query(
    `select pg_terminate_backend(pid, 10000) from pg_stat_activity where usename <> 'postgres' and backend_type = 'client backend'`,
  );
}

/** What the sessions of the services call themselves, and whether each is encrypted. */
export async function readSessions(superuser: pg.Client): Promise<Record<string, boolean>> {
  const { rows } = await superuser.query<{ name: string; encrypted: boolean }>(
    `select application_name as name, bool_and(ssl) as encrypted from pg_stat_activity join pg_stat_ssl using (pid)
      where usename in ('payment', 'relay', 'notifier') group by 1 order by 1`,
  );
  return Object.fromEntries(rows.map(({ name, encrypted }) => [name, encrypted]));
}
