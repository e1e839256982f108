import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, throwAwayDatabase } from '@payments/testing';
import pg from 'pg';
import { advisoryLockClass } from '../advisory-locks.ts';
import { migrateOutbox } from './migrate-outbox.ts';

let database: Awaited<ReturnType<typeof throwAwayDatabase>>;
let owner: pg.Client;
beforeEach(async () => {
  database = await throwAwayDatabase();
  owner = new pg.Client(database.url);
  await owner.connect();
});
afterEach(async () => {
  await owner.end();
  await database[Symbol.asyncDispose]();
});

/** A role that may connect and nothing else, and a URL that logs in as it. */
async function stranger(): Promise<{ role: string; url: string }> {
  const role = `stranger_${process.pid}_${Date.now()}`;
  await owner.query(`create role ${role} login password 'secret'`);
  const url = new URL(database.url);
  url.username = role;
  url.password = 'secret';
  return { role, url: url.href };
}

describe('migrating the outbox', () => {
  it('happens once, also when five services start at the same time', async () => {
    const lines: string[] = [];
    const log = (line: string) => lines.push(line);
    await Promise.all(Array.from({ length: 5 }, () => migrateOutbox({ databaseUrl: database.url, log })));
    await migrateOutbox({ databaseUrl: database.url, log });
    const files = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.sql')).sort();
    expect(lines).toEqual(files.map((name) => `outbox: applied migration ${name}`));
    const { rows } = await owner.query('select distinct lane from outbox.checkpoint');
    expect(rows).toHaveLength(16);
  });

  it('is refused in words to a role that may not, and needs no rights once it has been done', async () => {
    const { role, url } = await stranger();
    try {
      await expect(migrateOutbox({ databaseUrl: url })).rejects.toMatchObject({
        code: 'SCHEMA_OUTDATED',
        retriable: true,
        message: expect.stringContaining('as the owner'),
      });
      await migrateOutbox({ databaseUrl: database.url });
      await owner.query(`grant usage on schema outbox to ${role}`);
      await owner.query(`grant select on outbox.migration to ${role}`);
      await migrateOutbox({ databaseUrl: url });
    } finally {
      await owner.query(`drop owned by ${role}`);
      await owner.query(`drop role ${role}`);
    }
  });

  it('leaves nothing by half', async () => {
    await owner.query('create schema outbox');
    await owner.query('create table outbox.checkpoint (in_the_way integer)');
    await expect(migrateOutbox({ databaseUrl: database.url })).rejects.toMatchObject({
      code: 'DATABASE_REFUSED',
    });
    const { rows } = await owner.query(
      `select to_regclass('outbox.message') as message, to_regclass('outbox.migration') as migration`,
    );
    expect(rows).toEqual([{ message: null, migration: null }]);
  });

  it('leaves no statement behind on the server when a lock is not to be had in time', async () => {
    await owner.query('select pg_advisory_lock($1, 0)', [advisoryLockClass.migration]);
    const attempt = migrateOutbox({ databaseUrl: database.url, answerWithinMs: 1_000 });
    await expect(attempt).rejects.toMatchObject({
      retriable: true,
      message: expect.stringContaining('timeout'),
    });
    // Whichever of the two gave up first; one that was left alone would wait as long as the lock is held.
    await eventually(async () => {
      const { rows } = await owner.query(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      expect(rows).toEqual([]);
    });
  });

  it('says that the database is not there', async () => {
    const attempt = migrateOutbox({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none' });
    await expect(attempt).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', retriable: true });
  });
});
