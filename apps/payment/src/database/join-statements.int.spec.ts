import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { throwAwayDatabase } from '@payments/testing';
import { closeDatabase, openDatabase } from './open-database.ts';
import type { Database } from './open-database.ts';

let place: Awaited<ReturnType<typeof throwAwayDatabase>>;
let database: Database;
let onlooker: Database;
beforeEach(async () => {
  place = await throwAwayDatabase();
  // One connection, so that each transaction finds what the one before it left behind.
  database = openDatabase({ databaseUrl: place.url, connections: 1 });
  onlooker = openDatabase({ databaseUrl: place.url, connections: 1 });
  await onlooker.em.execute('create table written (what text check (length(what) < 9))');
});
afterEach(async () => {
  for (const one of [database, onlooker])
    await closeDatabase({ database: one, withinMs: 5_000, log: () => undefined });
  await place[Symbol.asyncDispose]();
});

const write = (what: string) => database.em.fork().execute('insert into written values (?)', [what]);
const written = async () => {
  const rows = await onlooker.em.execute<{ what: string }[]>('select what from written order by what');
  return rows.map(({ what }) => what);
};

describe('the first statement of a transaction', () => {
  it.each<[string, (em: Database['em']) => Promise<unknown>]>([
    ['without parameters', (em) => em.execute(`insert into written values ('simple')`)],
    [
      'with parameters',
      (em) =>
        em
          .getKysely<{ written: { what: string } }>()
          .insertInto('written')
          .values({ what: 'extended' })
          .execute(),
    ],
  ])('is rolled back with it, %s', async (_, insert) => {
    const em = database.em.fork();
    await em.begin();
    await insert(em);
    expect(await written()).toEqual([]);
    await em.rollback();
    expect(await written()).toEqual([]);
  });

  it('is answered with its own rows', async () => {
    const rows = await database.em.transactional((em) => em.execute(`select 'own' as what`));
    expect(rows).toEqual([{ what: 'own' }]);
  });

  it('takes the transaction along when it fails, and the connection is as good as before', async () => {
    const failing = database.em.transactional(async (em) => {
      await em.execute(`insert into written values ('far too long')`);
    });
    await expect(failing).rejects.toThrow(/check constraint/);
    await write('after');
    expect(await written()).toEqual(['after']);
  });

  it('may not write in a transaction that only reads', async () => {
    const writing = database.em.transactional((em) => em.execute(`insert into written values ('read')`), {
      readOnly: true,
    });
    await expect(writing).rejects.toThrow(/read-only/);
  });
});

it('a transaction without a statement leaves nothing open behind it', async () => {
  for (const end of ['rollback', 'commit'] as const) {
    const em = database.em.fork();
    await em.begin();
    await em[end]();
    await write(end);
  }
  expect(await written()).toEqual(['commit', 'rollback']);
});

describe('an insert of payments, of which nobody asks anything,', () => {
  beforeEach(async () => {
    await onlooker.em.execute(
      'create schema payment; create table payment.payment (what text check (length(what) < 9))',
    );
  });

  const insert = (em: Pick<Database['em'], 'execute'>, what: string) =>
    em.execute(`insert into "payment"."payment" ("what") values ('${what}')`);
  const paid = async () => {
    const rows = await onlooker.em.execute<{ what: string }[]>(
      'select what from payment.payment order by what',
    );
    return rows.map(({ what }) => what);
  };
  const lastSent = async () => {
    const [last] = await onlooker.em.execute<{ query: string }[]>(
      `select query from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    return last?.query;
  };

  it('goes with the statement after it, which is answered with its own rows', async () => {
    const em = database.em.fork();
    await em.begin();
    await em.execute('select 1');
    await insert(em, 'paid');
    expect(await em.execute('select what from payment.payment')).toEqual([{ what: 'paid' }]);
    expect(await lastSent()).toMatch(/^insert into .*; select what/);
    expect(await paid()).toEqual([]);
    await em.commit();
    expect(await paid()).toEqual(['paid']);
  });

  it('goes before a statement with parameters', async () => {
    const rows = await database.em.transactional(async (em) => {
      await insert(em, 'paid');
      const query = em
        .getKysely<{ 'payment.payment': { what: string } }>()
        .selectFrom('payment.payment')
        .selectAll()
        .where('what', '=', 'paid');
      return query.execute();
    });
    expect(rows).toEqual([{ what: 'paid' }]);
  });

  it('goes with the COMMIT at the latest', async () => {
    await database.em.transactional((em) => insert(em, 'paid'));
    expect(await paid()).toEqual(['paid']);
  });

  it('is not held outside of a transaction, where nothing may follow', async () => {
    await insert(database.em.fork(), 'paid');
    expect(await paid()).toEqual(['paid']);
  });

  it('is not held where something is asked back, or might be', async () => {
    const rows = await database.em.transactional((em) =>
      em.execute(`insert into "payment"."payment" ("what") values ('paid') returning "what"`),
    );
    expect(rows).toEqual([{ what: 'paid' }]);
  });

  it('takes the transaction along when it fails, and the connection is as good as before', async () => {
    const failing = database.em.transactional((em) => insert(em, 'far too long'));
    await expect(failing).rejects.toThrow(/check constraint/);
    await database.em.transactional((em) => insert(em, 'after'));
    expect(await paid()).toEqual(['after']);
  });

  it.each([
    ['the transaction', []],
    ['its savepoint', ['outer']],
  ])('is gone with %s, and the connection is as good as before', async (which, left) => {
    const failing = async (em: Database['em']) => {
      // The server would refuse it, and nobody would send the ROLLBACK.
      await insert(em, 'far too long');
      throw new Error('not this one');
    };
    await database.em
      .transactional(async (em) => {
        await insert(em, 'outer');
        const inner = em.transactional(failing);
        await (which === 'its savepoint' ? inner.catch(() => undefined) : inner);
      })
      .catch(() => undefined);
    expect(await paid()).toEqual(left);
    await database.em.transactional((em) => insert(em, 'after'));
    expect(await paid()).toEqual(['after', ...left]);
  });
});
