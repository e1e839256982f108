import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { throwAwayDatabase, throwAwayTopic } from './index.ts';

describe('throwAwayDatabase', () => {
  it('makes an empty database of its own', async () => {
    await using one = await throwAwayDatabase();
    await using other = await throwAwayDatabase();
    expect(one.url).not.toBe(other.url);
    const client = new pg.Client(one.url);
    await client.connect();
    const { rows } = await client.query<{ name: string }>('select current_database() as name');
    await client.end();
    expect(rows).toEqual([{ name: one.name }]);
  });
});

describe('throwAwayTopic', () => {
  it('makes a topic', async () => {
    await using made = await throwAwayTopic('orders', { partitions: 3 });
    expect(made.topic).toMatch(/^orders-/);
  });
});
