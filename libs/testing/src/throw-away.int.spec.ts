import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { throwAwayDatabase, throwAwayTopic } from './index.ts';

const query = async (url: string | undefined, statement: string) => {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(statement);
  await client.end();
  return rows;
};

describe('throwAwayDatabase', () => {
  it('makes an empty database of its own', async () => {
    await using one = await throwAwayDatabase();
    await using other = await throwAwayDatabase();
    expect(one.url).not.toBe(other.url);
    expect(await query(one.url, 'select current_database() as name')).toEqual([{ name: one.name }]);
  });
});

describe('throwAwayDatabase with a template', () => {
  it('makes databases that begin alike and go their own ways, and prepares once', async () => {
    let prepared = 0;
    const template = {
      name: `of_this_spec_${process.pid}`,
      prepare: async (url: string) => {
        prepared += 1;
        await query(url, 'create table seat as select 1 as number');
      },
    };
    const databases = await Promise.all([1, 2, 3].map(() => throwAwayDatabase({ template })));
    const [one, other] = databases.map(({ url }) => url);
    await query(one, 'insert into seat values (2)');
    expect(await query(one, 'select number from seat')).toEqual([{ number: 1 }, { number: 2 }]);
    expect(await query(other, 'select number from seat')).toEqual([{ number: 1 }]);
    expect(prepared).toBe(1);
    for (const database of databases) await database[Symbol.asyncDispose]();
  });
});

describe('throwAwayTopic', () => {
  it('makes a topic', async () => {
    await using made = await throwAwayTopic('orders', { partitions: 3 });
    expect(made.topic).toMatch(/^orders-/);
  });
});
