import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import pg from 'pg';

/** Which schema, and how it came to be. Times are in milliseconds. */
export type MigrateSchemaOptions = {
  databaseUrl: string;
  /** The schema's name. The table `migration` in it tells which migrations were applied. */
  schema: string;
  /** In the (int, int) space of advisory locks: one migration of this schema at a time. */
  lockClass: number;
  /** Where the files are. */
  folder: URL;
  /** File names of SQL, in order. A migration that was released is never altered: a new one follows it. */
  migrations: readonly string[];
  /** How long a statement may go unanswered; 15,000 when not given, 0 for as long as it takes. */
  answerWithinMs?: number;
  /** Gets one line for each migration applied. */
  log?: (line: string) => void;
};

const defaultAnswerMs = 15_000;
/** How long connecting may take. */
const connectMs = 5_000;
/** How long the server may take to say goodbye. */
const farewellMs = 2_000;

/**
 * Brings an app's own schema to the version of this program: all missing migrations in one transaction, one process at
 * a time. Does nothing, and needs no rights, when the schema is up to date. A server that goes silent is given up.
 * @throws what PostgreSQL answers; an error that names the remedy if this role may not migrate
 */
export async function migrateSchema(options: MigrateSchemaOptions): Promise<void> {
  const { databaseUrl, schema, migrations, answerWithinMs = defaultAnswerMs } = options;
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: `${schema} migration`,
    connectionTimeoutMillis: connectMs,
    query_timeout: answerWithinMs,
    keepAlive: true,
  });
  // An error between two statements (a server that goes away) also fails the next statement, which reports it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    if ((await versionOf(client, schema)) < migrations.length) await migrate(client, options);
  } catch (error) {
    throw explained(error, schema);
  } finally {
    await end(client);
  }
}

async function migrate(client: pg.Client, options: MigrateSchemaOptions): Promise<void> {
  const {
    schema,
    lockClass,
    folder,
    migrations,
    answerWithinMs = defaultAnswerMs,
    log = () => undefined,
  } = options;
  await client.query('begin');
  // The server gives up a little earlier: a statement that we left alone would wait on for its lock, or go on, unseen.
  await client.query(`set local statement_timeout = ${Math.floor(answerWithinMs * 0.9)}`);
  await client.query('select pg_advisory_xact_lock($1, 0)', [lockClass]);
  await client.query(`create schema if not exists ${schema}`);
  await client.query(`create table if not exists ${schema}.migration
    (number integer primary key, name text not null, applied_at timestamptz not null default now())`);
  for (let number = (await versionOf(client, schema)) + 1; number <= migrations.length; number++) {
    const name = migrations[number - 1] ?? '';
    await client.query(await readFile(new URL(name, folder), 'utf8'));
    await client.query(`insert into ${schema}.migration (number, name) values ($1, $2)`, [number, name]);
    log(`${schema}: applied migration ${name}`);
  }
  await client.query('commit');
}

/** The number of the last migration applied; 0 without a schema. */
async function versionOf(client: pg.Client, schema: string): Promise<number> {
  const { rows } = await client.query<{ present: boolean }>('select to_regclass($1) is not null as present', [
    `${schema}.migration`,
  ]);
  if (!rows[0]?.present) return 0;
  const last = await client.query<{ number: number }>(
    `select coalesce(max(number), 0) as number from ${schema}.migration`,
  );
  return last.rows[0]?.number ?? 0;
}

function explained(error: unknown, schema: string): unknown {
  const insufficientPrivilege = '42501';
  if (!(error instanceof pg.DatabaseError && error.code === insufficientPrivilege)) return error;
  return new Error(
    `schema ${schema} is missing or old, and this role may not change it (${error.message}): run \`--migrate-only\` as the owner of the database`,
    { cause: error },
  );
}

/** A peer that has gone silent never answers the farewell: its socket is destroyed. Never throws. */
async function end(client: pg.Client): Promise<void> {
  const { stream } = (client as pg.Client & { connection: { stream: Socket } }).connection;
  const impatience = setTimeout(() => stream.destroy(), farewellMs);
  await client.end().catch(() => undefined);
  clearTimeout(impatience);
}
