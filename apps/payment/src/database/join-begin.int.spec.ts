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
