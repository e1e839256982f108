import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, throwAwayDatabase } from '@payments/testing';
import type { ThrowAwayDatabase } from '@payments/testing';
import { advisoryLockClass } from '../advisory-locks.ts';
import { migratePayment } from './migrate-payment.ts';
import { openDatabase } from './open-database.ts';

let target: ThrowAwayDatabase;
beforeEach(async () => (target = await throwAwayDatabase()));
afterEach(async () => {
  await target[Symbol.asyncDispose]();
});

const open = (url = target.url) => openDatabase({ databaseUrl: url });

describe('migratePayment', () => {
  it('migrates once when several processes start together', async () => {
    const lines: string[] = [];
    const migrate = async () => {
      await using database = open();
      await migratePayment({ database, log: (line) => void lines.push(line) });
    };
    await Promise.all([migrate(), migrate(), migrate(), migrate()]);
    expect(lines).toEqual(['payment: applied migration 0001-payment.sql']);
  });

  it('needs no rights when the schema is up to date, and names the remedy when it is not', async () => {
    await using owner = open();
    const role = `app_${target.name}`;
    await owner.em.fork().execute(`create role ${role} login`);
    const url = Object.assign(new URL(target.url), { username: role }).href;
    try {
      await using database = open(url);
      await expect(migratePayment({ database })).rejects.toThrow('--migrate-only');
      await migratePayment({ database: owner });
      await owner.em
        .fork()
        .execute(`grant usage on schema payment to ${role}; grant select on payment.migration to ${role}`);
      await expect(migratePayment({ database })).resolves.toBeUndefined();
    } finally {
      await owner.em.fork().execute(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it('waits for another migration, under the lock of that name', async () => {
    await using database = open();
    const em = database.em.fork();
    await em.begin();
    await em.execute('select pg_advisory_xact_lock(?, 0)', [advisoryLockClass.migration]);
    let done = false;
    const migration = migratePayment({ database }).then(() => (done = true));
    await eventually(async () => {
      const waiting = await em.execute(
        `select 1 from pg_locks join pg_database on pg_database.oid = pg_locks.database
          where datname = current_database() and not granted`,
      );
      expect(waiting).toHaveLength(1);
    });
    expect(done).toBe(false);
    await em.commit();
    await migration;
  });
});
