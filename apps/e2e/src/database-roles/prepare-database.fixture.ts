import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { migrateOutbox } from '@payments/outbox';
import { migrateSchema } from '@payments/runtime';
import { startPostgres, type RunningPostgres } from '@payments/servers';
import type { DatabaseTemplate } from '@payments/testing';
import { execa } from 'execa';
import pg from 'pg';

/** Who may log in: the owner, who migrates, and a role for each service. */
export type DatabaseRole = 'payments' | 'payment' | 'relay' | 'notifier';

const root = join(import.meta.dirname, '../../../..');

/** Makes the roles and gives them a database, as where there is no operator. `url` is a superuser's. */
export const makeRoles = (url: string): Promise<void> => run(url, 'roles/roles.sql');

/** Gives the services their rights, as the owner of the database. */
export const grantRights = (url: string): Promise<void> => run(asRole(url, 'payments'), 'grants.sql');

/** Migrates what an app brings, by its own command, as the owner of the database: it is told nothing else. */
export async function migrateAsOwner(url: string, app: 'payment' | 'notifier'): Promise<void> {
  const script = join(root, 'apps', app, 'src/main.ts');
  const env = { DATABASE_URL: asRole(url, 'payments') };
  await execa(process.execPath, [script, '--migrate-only'], { env, extendEnv: false });
}

/**
 * Makes a database what it is in production: owned by `payments`, who is no superuser and has migrated it, with a role of few
 * rights for each service. `url` is a superuser's. Without a process for each app, which would take some seconds.
 */
export async function prepareDatabase(url: string): Promise<void> {
  const databaseUrl = asRole(url, 'payments');
  await makeRoles(url);
  await migrateOutbox({ databaseUrl });
  await applyFiles(databaseUrl, 'payment', 'apps/payment/src/database/migrations/');
  await applyFiles(databaseUrl, 'notifier', 'apps/notifier/src/inbox/migrations/');
  await grantRights(url);
}

async function applyFiles(databaseUrl: string, schema: string, path: string): Promise<void> {
  const migrations = (await readdir(join(root, path))).filter((file) => file.endsWith('.sql')).sort();
  // Nobody else is at it.
  const lockClass = 1;
  await migrateSchema({
    databaseUrl,
    schema,
    lockClass,
    folder: pathToFileURL(join(root, path)),
    migrations,
  });
}

/** Starts a PostgreSQL with the database `payments`. `databaseUrl` is a superuser's. */
export async function startPreparedPostgres(options: {
  dataDir: string;
  port?: number;
  settings?: Readonly<Record<string, string>>;
  prepare?: (databaseUrl: string) => Promise<void>;
}): Promise<{ postgres: RunningPostgres; databaseUrl: string }> {
  const { prepare = prepareDatabase, ...server } = options;
  await using starting = new AsyncDisposableStack();
  const postgres = starting.use(await startPostgres(server));
  await query(postgres.url, 'create database payments');
  const databaseUrl = Object.assign(new URL(postgres.url), { pathname: '/payments' }).href;
  await prepare(databaseUrl);
  starting.move();
  return { postgres, databaseUrl };
}

/** The same once for all specs on the run's server: each gets a copy. */
export const prepared: DatabaseTemplate = { name: 'prepared', prepare: prepareDatabase };

/** The same database for a role. */
export const asRole = (url: string, role: DatabaseRole, password = ''): string =>
  Object.assign(new URL(url), { username: role, password }).href;

const run = async (url: string, file: string): Promise<void> => {
  await query(url, await readFile(join(root, 'deploy/database', file), 'utf8'));
};

/** Runs statements on a connection of their own. */
export async function query(url: string, statements: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statements).finally(() => client.end());
}
