import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { append, drain, outboxDatabase } from '../outbox.fixture.ts';
import { backendPid } from '../relay/connect.ts';
import { connectForStatus } from './connect.ts';
import { readFigures } from './read-figures.ts';
import { park } from './status.fixture.ts';

let database: Awaited<ReturnType<typeof outboxDatabase>>;
let client: pg.Client;
let writer: pg.Client;
beforeEach(async () => {
  database = await outboxDatabase();
  client = await connectForStatus(database.url);
  writer = await database.connect();
});
afterEach(async () => {
  await client.end();
  await database[Symbol.asyncDispose]();
});

const pass = (seconds: number) => writer.query('select pg_sleep($1)', [seconds]);
const nothing = { lagSeconds: 0, unpublishedMessages: 0, parkedMessages: 0 };

describe('the figures', () => {
  it('are 0 in an outbox that never had a message, and in one where all is published', async () => {
    expect(await readFigures(client)).toMatchObject({
      ...nothing,
      oldestTransaction: { appendedSeconds: 0 },
    });
    await append(writer, 'a', '1');
    await drain(await database.session());
    expect(await readFigures(client)).toMatchObject(nothing);
  });

  it('tell what waits and since when, whether a relay owns the lanes or nobody does', async () => {
    await append(writer, 'a', '1');
    await pass(0.3);
    await append(writer, 'b', '2');
    const unowned = await readFigures(client);
    expect(unowned).toMatchObject({ unpublishedMessages: 2, parkedMessages: 0 });
    expect(unowned.lagSeconds).toBeGreaterThanOrEqual(0.3);
    const session = await database.session({ rows: 1 });
    await session.nextBatch();
    const owned = await readFigures(client);
    expect(owned).toMatchObject({ unpublishedMessages: 2 });
    expect(owned.lagSeconds).toBeGreaterThan(unowned.lagSeconds);
    await drain(session);
    expect(await readFigures(client)).toMatchObject(nothing);
  });

  it('show a long transaction as such, and in the lag no sooner than it commits', async () => {
    const slow = await database.connect();
    await slow.query('begin');
    await append(slow, 'slow', '1');
    await pass(0.3);
    const open = await readFigures(client);
    expect(open).toMatchObject(nothing);
    expect(open.oldestTransaction.appendedSeconds).toBeGreaterThanOrEqual(0.3);
    await slow.query('commit');
    const committed = await readFigures(client);
    expect(committed).toMatchObject({ unpublishedMessages: 1, oldestTransaction: { appendedSeconds: 0 } });
    expect(committed.lagSeconds).toBeGreaterThanOrEqual(0.3);
  });

  it('tell a transaction that has written elsewhere apart from one that appended, and count none that only reads', async () => {
    const [other, reader] = [await database.connect(), await database.connect()];
    await reader.query('begin; select count(*) from outbox.message');
    await other.query('begin; create table other ()');
    await pass(0.3);
    const { oldestTransaction } = await readFigures(client);
    expect(oldestTransaction.appendedSeconds).toBe(0);
    // Of the whole server, where other specs run, too.
    expect(oldestTransaction.otherSeconds).toBeGreaterThanOrEqual(0.3);
  });

  it('are those of the oldest of many transactions', async () => {
    for (let n = 0; n < 6; n++) {
      const one = await database.connect();
      await one.query('begin');
      await append(one, `k-${n}`, 'x');
      if (n === 0) await pass(0.3);
    }
    const { oldestTransaction } = await readFigures(client);
    expect(oldestTransaction.appendedSeconds).toBeGreaterThanOrEqual(0.3);
  });

  it('count what is parked and not what was, and do not count that as waiting', async () => {
    for (const key of ['a', 'b', 'b', 'c']) await append(writer, key, 'x');
    await drain(await database.session());
    await park(writer, { key: 'a', cause: 'MESSAGE' });
    await park(writer, { key: 'b', cause: 'FOLLOWS' });
    await park(writer, { key: 'c', cause: 'MESSAGE', state: 'PUBLISHED' });
    expect(await readFigures(client)).toMatchObject({ ...nothing, parkedMessages: 3 });
  });
});

describe('the figures for a role that may only read', () => {
  let role: string;
  let stranger: pg.Client;
  beforeEach(async () => {
    role = `onlooker_${backendPid(client)}_${Date.now()}`;
    await writer.query(`create role ${role} login password 'secret'`);
    await writer.query(`grant usage on schema outbox to ${role}`);
    await writer.query(`grant select on all tables in schema outbox to ${role}`);
    stranger = await connectForStatus(
      Object.assign(new URL(database.url), { username: role, password: 'secret' }).href,
    );
  });
  afterEach(async () => {
    await stranger.end();
    await writer.query(`drop owned by ${role}`);
    await writer.query(`drop role ${role}`);
  });

  it('do not pretend to know how old the transactions of others are, unless it may', async () => {
    const slow = await database.connect();
    await slow.query('begin');
    await append(slow, 'slow', '1');
    const open = await readFigures(stranger);
    expect(open).toMatchObject({ ...nothing, oldestTransaction: { appendedSeconds: null } });
    await writer.query(`grant pg_read_all_stats to ${role}`);
    const { oldestTransaction } = await readFigures(stranger);
    expect(oldestTransaction.appendedSeconds).toBeGreaterThan(0);
  });

  it('are estimated without the right to the sequence, too', async () => {
    await writer.query(
      `select outbox.append(array_agg('t'::text), array_agg('k'::text), array_agg('T'::text), array_agg('x'::bytea), array_agg('{}'::jsonb), array_agg(gen_random_uuid()))
         from generate_series(1, 3000)`,
    );
    expect(await readFigures(stranger)).toMatchObject({ unpublishedMessages: 3000 });
  });
});
