import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { advisoryLockClass } from '../advisory-locks.ts';
import { defaultAnswerMs, endConnection, openConnection } from '../connection.ts';
import { OutboxError, outboxError } from '../errors.ts';
import { serverVersion, tooOld, type ServerVersion } from '../server-version.ts';

const migrations = [
  '0001-message-log.sql',
  '0002-scan-bounds.sql',
  '0003-parking.sql',
  '0004-retention.sql',
  '0005-cheaper-append.sql',
];

/**
 * Where to migrate. `answerWithinMs`: how long a statement may go unanswered; 15,000 when not given, 0 for as long as it
 * takes. `log` gets one line for each migration applied.
 */
export interface MigrateOutboxOptions {
  databaseUrl: string;
  answerWithinMs?: number;
  log?: (line: string) => void;
}

/**
 * Brings schema `outbox` to the version of this library: all missing migrations in one transaction, one process at a
 * time. Does nothing, and needs no rights, when the schema is up to date.
 * @throws {OutboxError} SCHEMA_OUTDATED (retriable: somebody else may migrate) when the role may not migrate,
 *   DATABASE_UNAVAILABLE when there is no server.
 */
export async function migrateOutbox(options: MigrateOutboxOptions): Promise<void> {
  try {
    const client = await openConnection(
      { databaseUrl: options.databaseUrl, name: 'outbox migration', answerTimeoutMs: options.answerWithinMs },
      async (client) => {
        if ((await schemaVersion(client)) < migrations.length) await migrate(client, options);
      },
    );
    await endConnection(client);
  } catch (thrown) {
    throw migrationError(thrown);
  }
}

async function migrate(client: pg.Client, options: MigrateOutboxOptions): Promise<void> {
  const { answerWithinMs = defaultAnswerMs, log = () => undefined } = options;
  await client.query('begin');
  // The server gives up a little earlier: a statement that we left alone would wait on for its lock, or go on, unseen.
  await client.query(`set local statement_timeout = ${Math.floor(answerWithinMs * 0.9)}`);
  await client.query('select pg_advisory_xact_lock($1, 0)', [advisoryLockClass.migration]);
  await refuseOldServer(client);
  await client.query('create schema if not exists outbox');
  await client.query(`create table if not exists outbox.migration
    (number integer primary key, name text not null, applied_at timestamptz not null default now())`);
  for (let number = (await schemaVersion(client)) + 1; number <= migrations.length; number++) {
    const name = migrations[number - 1] ?? '';
    await client.query(await readFile(new URL(name, import.meta.url), 'utf8'));
    await client.query('insert into outbox.migration (number, name) values ($1, $2)', [number, name]);
    log(`outbox: applied migration ${name}`);
  }
  await client.query('commit');
}

/** The number of the last migration applied; 0 without a schema. */
async function schemaVersion(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ present: boolean }>(
    `select to_regclass('outbox.migration') is not null as present`,
  );
  if (!rows[0]?.present) return 0;
  const last = await client.query<{ number: number }>(
    'select coalesce(max(number), 0) as number from outbox.migration',
  );
  return last.rows[0]?.number ?? 0;
}

async function refuseOldServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<ServerVersion>(`select ${serverVersion}`);
  const reason = rows[0] && tooOld(rows[0]);
  if (reason) throw new OutboxError('SERVER_UNSUITABLE', reason);
}

function migrationError(thrown: unknown): OutboxError {
  const insufficientPrivilege = '42501';
  if (thrown instanceof pg.DatabaseError && thrown.code === insufficientPrivilege) {
    return new OutboxError(
      'SCHEMA_OUTDATED',
      `Schema outbox is missing or old, and this role may not change it (${thrown.message}): migrate as the owner of the database.`,
      { retriable: true, cause: thrown },
    );
  }
  return outboxError(thrown);
}
