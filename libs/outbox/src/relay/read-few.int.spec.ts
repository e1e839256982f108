import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { append, appendMany, drain, outboxDatabase, texts } from '../outbox.fixture.ts';
import { connectRelay } from './connect.ts';
import { fewRows, readFew } from './read-few.ts';
import { lanes } from './share-lanes.ts';
import type { Positions } from './position.ts';

let database: Awaited<ReturnType<typeof outboxDatabase>>;
let writer: pg.Client;
let relay: pg.Client;
beforeEach(async () => {
  database = await outboxDatabase();
  writer = await database.connect();
  relay = await connectRelay(database.url);
  await relay.query('set idle_session_timeout = 0');
});
afterEach(async () => {
  await relay.end();
  await database[Symbol.asyncDispose]();
});

const limits = { rows: 1000, bytes: 4 * 1024 * 1024 };
const bounds = { window: null, pos: 0n, floor: 0n, nextFloor: 0n, ceiling: null };

/** Everything that is visible now is published. */
async function allDone(): Promise<{ done: string; positions: Positions }> {
  const { rows } = await writer.query<{ done: string }>('select pg_current_snapshot()::text as done');
  const done = rows[0]?.done ?? '';
  return { done, positions: lanes.map((lane) => ({ lane, done, ...bounds })) };
}

async function idsOf(which: string): Promise<string[]> {
  const { rows } = await writer.query<{ id: string }>(`select id from outbox.message ${which}`);
  return rows.map(({ id }) => id);
}

describe('one look at all that is new', () => {
  it('brings it from all lanes in order of the numbers, and nothing that is published', async () => {
    await appendMany(writer, 20, `'k' || i`);
    const { done, positions } = await allDone();
    await appendMany(writer, 50, `'k' || (i % 7)`);
    // In one snapshot: a commit in any database of the server makes another one.
    await relay.query('begin isolation level repeatable read');
    const found = await readFew(relay, positions, { done, limits });
    const snapshot = await relay.query<{ now: string }>('select pg_current_snapshot()::text as now');
    await relay.query('commit');
    expect(found?.messages.map(({ id }) => id)).toEqual(await idsOf('order by message.seq offset 20'));
    expect(found?.snapshot).toBe(snapshot.rows[0]?.now);
  });

  it('brings messages of a transaction that was open at the time, and of none that still is', async () => {
    const [late, open] = [await database.connect(), await database.connect()];
    for (const client of [late, open]) await client.query('begin');
    await append(late, 'late', 'late');
    await append(open, 'open', 'open');
    await append(writer, 'early', 'published');
    const { done, positions } = await allDone();
    await late.query('commit');
    await append(writer, 'new', 'new');
    const found = await readFew(relay, positions, { done, limits });
    expect(texts(found?.messages ?? [])).toEqual(['late', 'new']);
  });

  it('brings nothing of lanes that others own', async () => {
    const { done, positions } = await allDone();
    await appendMany(writer, 50, `'k' || i`);
    const some = positions.slice(0, 3);
    const found = await readFew(relay, some, { done, limits });
    expect(found?.messages.map(({ id }) => id)).toEqual(await idsOf('where lane <= 2 order by message.seq'));
  });

  it('brings nothing of a transaction that this server has not given out yet, as of another cluster', async () => {
    const { done, positions } = await allDone();
    await append(writer, 'new', 'new');
    await append(writer, 'copied', 'copied');
    await writer.query(`update outbox.message set xid = '1000000' where key = 'copied'`);
    const found = await readFew(relay, positions, { done, limits });
    expect(texts(found?.messages ?? [])).toEqual(['new']);
  });

  it('gives up where that is more than a few, in rows or in bytes', async () => {
    const { done, positions } = await allDone();
    await appendMany(writer, fewRows, `'k'`);
    const look = (of: Partial<typeof limits>) =>
      readFew(relay, positions, { done, limits: { ...limits, ...of } });
    expect((await look({}))?.messages).toHaveLength(fewRows);
    expect(await look({ rows: fewRows - 1 })).toBeUndefined();
    expect(await look({ bytes: 100 })).toBeUndefined();
    await append(writer, 'k', 'one too many');
    expect(await look({})).toBeUndefined();
  });

  it('gives up rather than look through all that was published beside an old transaction', async () => {
    const old = await database.connect();
    await old.query('begin');
    await append(old, 'old', 'old');
    await appendMany(writer, fewRows, `'k'`);
    const { done, positions } = await allDone();
    await append(writer, 'new', 'new');
    expect(await readFew(relay, positions, { done, limits })).toBeUndefined();
  });
});

it('few and many take turns, beside an old transaction, with nothing lost and nothing twice', async () => {
  const session = await database.session();
  const old = await database.connect();
  await old.query('begin');
  await append(old, 'old', 'old');
  const delivered: string[] = [];
  for (const count of [1, 5, 2000, 3, fewRows, fewRows + 1, 1, 1, 2500, 1]) {
    await appendMany(writer, count, `'k' || (i % 40)`);
    const messages = await drain(session);
    expect(messages).toHaveLength(count);
    delivered.push(...messages.map(({ id }) => id));
  }
  await old.query('commit');
  await append(writer, 'new', 'new');
  const last = await drain(session);
  expect(texts(last).toSorted()).toEqual(['new', 'old']);
  expect(new Set([...delivered, ...last.map(({ id }) => id)]).size).toBe(delivered.length + 2);
});
