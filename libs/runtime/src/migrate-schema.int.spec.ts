import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  eventually,
  tcpProxy,
  testServers,
  throwAwayDatabase,
  type ThrowAwayDatabase,
} from '@payments/testing';
import pg from 'pg';
import { migrateSchema, type MigrateSchemaOptions } from './migrate-schema.ts';

const lockClass = 0x53504543;
let files: string;
beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'payments-migrations-'));
  await writeFile(join(files, '1.sql'), 'create table shop.item (id integer primary key)');
  await writeFile(join(files, '2.sql'), 'alter table shop.item add name text');
  await writeFile(join(files, 'wrong.sql'), 'create table shop.half (); select 1 / 0');
});
afterAll(() => rm(files, { recursive: true }));

let database: ThrowAwayDatabase;
let owner: pg.Client;
beforeEach(async () => {
  database = await throwAwayDatabase();
  owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
});
afterEach(async () => {
  await owner.end();
  await database[Symbol.asyncDispose]();
});

const migrate = (more: Partial<MigrateSchemaOptions> = {}) =>
  migrateSchema({
    databaseUrl: database.url,
    schema: 'shop',
    lockClass,
    folder: pathToFileURL(`${files}/`),
    migrations: ['1.sql', '2.sql'],
    ...more,
  });

const tables = async () =>
  (
    await owner.query<{ name: string }>(`select relname as name from pg_class
     where relnamespace = to_regnamespace('shop') and relkind = 'r' order by 1`)
  ).rows.map(({ name }) => name);

describe('migrateSchema', () => {
  it('applies each migration once when several processes start together, and says so', async () => {
    const lines: string[] = [];
    const log = (line: string) => void lines.push(line);
    await Promise.all(Array.from({ length: 5 }, () => migrate({ log })));
    await migrate({ log });
    expect(lines).toEqual(['shop: applied migration 1.sql', 'shop: applied migration 2.sql']);
    expect(await tables()).toEqual(['item', 'migration']);
  });

  it('applies only what is missing', async () => {
    await migrate({ migrations: ['1.sql'] });
    await owner.query('insert into shop.item values (1)');
    await migrate();
    expect((await owner.query('select * from shop.item')).rows).toEqual([{ id: 1, name: null }]);
  });

  it('leaves nothing half done when one of them fails', async () => {
    await expect(migrate({ migrations: ['1.sql', 'wrong.sql'] })).rejects.toThrow('division by zero');
    expect(await tables()).toEqual([]);
  });

  it('needs no rights when the schema is up to date, and names the remedy when it is not', async () => {
    const role = `app_${database.name}`;
    await owner.query(`create role ${role} login`);
    const databaseUrl = Object.assign(new URL(database.url), { username: role }).href;
    try {
      await expect(migrate({ databaseUrl })).rejects.toThrow(/permission denied.*--migrate-only/);
      await migrate();
      await owner.query(`grant usage on schema shop to ${role}; grant select on shop.migration to ${role}`);
      await expect(migrate({ databaseUrl })).resolves.toBeUndefined();
    } finally {
      await owner.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it('waits for another migration, under the lock that is its own', async () => {
    await owner.query('select pg_advisory_lock($1, 0)', [lockClass]);
    let done = false;
    const migration = migrate().then(() => (done = true));
    await eventually(async () => {
      const { rows } = await owner.query(
        `select 1 from pg_locks join pg_database on pg_database.oid = pg_locks.database
          where datname = current_database() and not granted`,
      );
      expect(rows).toHaveLength(1);
    });
    expect(done).toBe(false);
    await owner.query('select pg_advisory_unlock($1, 0)', [lockClass]);
    await migration;
  });

  it('leaves no statement behind on the server when a lock is not to be had in time', async () => {
    await owner.query('select pg_advisory_lock($1, 0)', [lockClass]);
    await expect(migrate({ answerWithinMs: 10_000 })).rejects.toThrow('statement timeout');
    const { rows } = await owner.query(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    expect(rows).toEqual([]);
  });

  it('gives up a server that goes silent once it has connected', async () => {
    await using proxy = await tcpProxy({ target: new URL(testServers().postgresUrl).host });
    const databaseUrl = Object.assign(new URL(database.url), { host: proxy.address }).href;
    const silent = proxy.faultWhen(({ direction, bytes }) =>
      direction === 'request' && bytes.includes('to_regclass') ? 'hold' : 'pass',
    );
    await expect(migrate({ databaseUrl, answerWithinMs: 500 })).rejects.toThrow('Query read timeout');
    await silent;
  });
});
