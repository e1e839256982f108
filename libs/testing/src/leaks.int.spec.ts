import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { testServers, throwAwayDatabase } from './index.ts';

async function names(): Promise<string[]> {
  const client = new pg.Client(testServers().postgresUrl);
  await client.connect();
  const { rows } = await client.query<{ datname: string }>('select datname from pg_database');
  await client.end();
  return rows.map(({ datname }) => datname);
}

describe('throwAwayDatabase', () => {
  it('fails the spec that leaves a connection open, and says which', async () => {
    const database = await throwAwayDatabase({ closedWithinMs: 500 });
    const leaked = new pg.Client({ connectionString: database.url, application_name: 'forgetful' });
    leaked.on('error', () => undefined); // the database is dropped with it
    await leaked.connect();
    await leaked.query('select 41 + 1');
    await expect(database[Symbol.asyncDispose]()).rejects.toThrow(
      /1 connection\(s\) leaked:\n {2}backend \d+ of forgetful, idle, last statement: select 41 \+ 1/,
    );
    await leaked.end();
  });

  let earlier: string;

  it('keeps the database while its test runs', async () => {
    await using database = await throwAwayDatabase();
    earlier = database.name;
    expect(await names()).toContain(earlier);
  });

  it('has dropped the database of a test that passed', async () => {
    expect(await names()).not.toContain(earlier);
  });
});
