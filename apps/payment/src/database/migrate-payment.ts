import { readFile } from 'node:fs/promises';
import { advisoryLockClass } from '../advisory-locks.ts';
import type { Database } from './open-database.ts';

const migrations = ['0001-payment.sql'];

type EntityManager = Database['em'];

/**
 * Brings schema `payment` to the version of this service: all missing migrations in one transaction, one process at a
 * time. Does nothing, and needs no rights, when the schema is up to date.
 * @throws the database's error; one that names the remedy if this role may not migrate
 */
export const migratePayment = async (options: {
  database: Database;
  log?: (line: string) => void;
}): Promise<void> => {
  const em = options.database.em.fork();
  if ((await schemaVersion(em)) >= migrations.length) return;
  try {
    await em.transactional((transaction) => migrate(transaction, options.log ?? (() => undefined)));
  } catch (error) {
    throw explained(error);
  }
};

const migrate = async (em: EntityManager, log: (line: string) => void): Promise<void> => {
  await em.execute('select pg_advisory_xact_lock(?, 0)', [advisoryLockClass.migration]);
  await em.execute(`
    create schema if not exists payment;
    create table if not exists payment.migration
      (number integer primary key, name text not null, applied_at timestamptz not null default now())`);
  for (let number = (await schemaVersion(em)) + 1; number <= migrations.length; number += 1) {
    const name = migrations[number - 1] ?? '';
    await em.execute(await readFile(new URL(`migrations/${name}`, import.meta.url), 'utf8'));
    await em.execute('insert into payment.migration (number, name) values (?, ?)', [number, name]);
    log(`payment: applied migration ${name}`);
  }
};

/** The number of the last migration applied; 0 without a schema. */
const schemaVersion = async (em: EntityManager): Promise<number> => {
  const [table] = await em.execute<{ present: boolean }[]>(
    `select to_regclass('payment.migration') is not null as present`,
  );
  if (!table?.present) return 0;
  const [last] = await em.execute<{ number: number }[]>(
    'select coalesce(max(number), 0) as number from payment.migration',
  );
  return last?.number ?? 0;
};

const explained = (error: unknown): unknown => {
  const insufficientPrivilege = '42501';
  if (!(error instanceof Error && 'code' in error && error.code === insufficientPrivilege)) return error;
  return new Error(
    'schema payment is missing or old, and this role may not change it: run `--migrate-only` as the owner of the database',
    { cause: error },
  );
};
