import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { throwAwayDatabase } from '@payments/testing';
import { inTransaction } from './in-transaction.ts';
import { closeDatabase, openDatabase } from './open-database.ts';
import type { Database } from './open-database.ts';

let place: Awaited<ReturnType<typeof throwAwayDatabase>>;
let database: Database;
beforeEach(async () => {
  place = await throwAwayDatabase();
  database = openDatabase({ databaseUrl: place.url, connections: 1 });
  await database.em.fork().execute('create table written (what text)');
});
afterEach(async () => {
  await closeDatabase({ database, withinMs: 5_000, log: () => undefined });
  await place[Symbol.asyncDispose]();
});

const written = () => database.em.fork().execute('select what from written');

describe('a transaction', () => {
  it('is rolled back when its caller goes away after the last statement, and the connection is as good as before', async () => {
    const caller = new AbortController();
    const call = (meanwhile: () => void, signal: AbortSignal) =>
      inTransaction({ database, context: { signal, deadline: Date.now() + 60_000 } }, async (em) => {
        await em.execute(`insert into written values ('once')`);
        meanwhile();
      });
    await expect(call(() => caller.abort(), caller.signal)).rejects.toThrow(/aborted/);
    expect(await written()).toEqual([]);
    await call(() => undefined, new AbortController().signal);
    expect(await written()).toEqual([{ what: 'once' }]);
  });
});
