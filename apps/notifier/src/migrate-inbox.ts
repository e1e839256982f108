import { readFile } from 'node:fs/promises';
import pg from 'pg';

const migrations = ['0001-inbox.sql'];

/** In the (int, int) space of advisory locks: "NTF" and the number of the class. One migration of the schema at a time. */
const migrationLock = { class: 0x4e544601, key: 0 } as const;

/**
 * Brings schema `notifier` to the version of this program: all missing migrations in one transaction, one process at a
 * time. Does nothing, and needs no rights, when it is up to date. Throws what PostgreSQL answers.
 */
export async function migrateInbox(options: {
  databaseUrl: string;
  log?: (line: string) => void;
}): Promise<void> {
  const client = new pg.Client({
    connectionString: options.databaseUrl,
    application_name: 'notifier migration',
    connectionTimeoutMillis: 5000,
  });
  // An error between two statements (a server that goes away) also fails the next statement, which reports it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    if ((await schemaVersion(client)) < migrations.length)
      await migrate(client, options.log ?? (() => undefined));
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function migrate(client: pg.Client, log: (line: string) => void): Promise<void> {
  await client.query('begin');
  await client.query('select pg_advisory_xact_lock($1, $2)', [migrationLock.class, migrationLock.key]);
  await client.query('create schema if not exists notifier');
  await client.query(`create table if not exists notifier.migration
    (number integer primary key, name text not null, applied_at timestamptz not null default now())`);
  for (let number = (await schemaVersion(client)) + 1; number <= migrations.length; number++) {
    const name = migrations[number - 1] ?? '';
    await client.query(await readFile(new URL(`migrations/${name}`, import.meta.url), 'utf8'));
    await client.query('insert into notifier.migration (number, name) values ($1, $2)', [number, name]);
    log(`notifier: applied migration ${name}`);
  }
  await client.query('commit');
}

/** The number of the last migration applied; 0 without a schema. */
async function schemaVersion(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ present: boolean }>(
    `select to_regclass('notifier.migration') is not null as present`,
  );
  if (!rows[0]?.present) return 0;
  const last = await client.query<{ number: number }>(
    'select coalesce(max(number), 0) as number from notifier.migration',
  );
  return last.rows[0]?.number ?? 0;
}
