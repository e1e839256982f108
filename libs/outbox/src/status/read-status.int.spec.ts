import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, throwAwayDatabase } from '@payments/testing';
import type pg from 'pg';
import { append, drain, outboxDatabase } from '../outbox.fixture.ts';
import { backendPid } from '../relay/connect.ts';
import { connectForStatus } from './connect.ts';
import { readOpenTransactions } from './read-open-transactions.ts';
import { poolerBefore } from './status.fixture.ts';
import { readStatus } from './read-status.ts';

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

describe('the status', () => {
  it('names the relay that owns the lanes, and nobody once it is gone', async () => {
    const session = await database.session();
    await append(writer, 'k', 'x');
    await drain(session);
    const { lanes, relays } = await readStatus(client);
    expect(relays).toMatchObject([
      { application: 'outbox relay', address: expect.stringMatching(/^127\.0\.0\.1:\d+$/) },
    ]);
    expect(relays[0]).toMatchObject({ member: true, lanes: Array.from({ length: 16 }, (_, lane) => lane) });
    expect(lanes).toHaveLength(16);
    for (const lane of lanes) expect(lane).toMatchObject({ owner: relays[0], ofThisCluster: true });
    await session[Symbol.asyncDispose]();
    const after = await readStatus(client);
    expect(after.relays).toEqual([]);
    expect(after.lanes.filter(({ owner }) => owner !== null)).toEqual([]);
  });

  it('tells for each lane when it last published', async () => {
    await writer.query('select pg_sleep(0.2)');
    const before = await readStatus(client);
    for (const { checkpointMs } of before.lanes) expect(checkpointMs).toBeGreaterThanOrEqual(200);
    await append(writer, 'k', 'x');
    await drain(await database.session());
    const after = await readStatus(client);
    const younger = after.lanes.filter(
      ({ lane, checkpointMs }) => Number(checkpointMs) < Number(before.lanes[lane]?.checkpointMs),
    );
    expect(younger).toHaveLength(1);
  });

  it('sees a lane without a checkpoint, and a checkpoint that another cluster wrote', async () => {
    await writer.query('delete from outbox.checkpoint where lane = 3');
    await writer.query('update outbox.checkpoint set system_identifier = 1 where lane = 4');
    const { lanes } = await readStatus(client);
    expect(lanes.filter(({ checkpointMs }) => checkpointMs === null)).toMatchObject([{ lane: 3 }]);
    expect(lanes.filter(({ ofThisCluster }) => !ofThisCluster)).toMatchObject([{ lane: 4 }]);
  });

  it('names what was asked of the relays and is not finished', async () => {
    await writer.query(
      `insert into outbox.request (lane, kind, key, finished_at, outcome) values (2, 'RELEASE', 'k', null, null), (2, 'RELEASE', 'l', now(), 'done')`,
    );
    expect((await readStatus(client)).unfinishedRequests).toMatchObject([
      { number: 1, lane: 2, kind: 'RELEASE', key: 'k' },
    ]);
  });

  it('has the size of each slot, of which one is written to', async () => {
    await append(writer, 'k', 'x'.repeat(100_000));
    const { ring } = await readStatus(client);
    expect(ring).toHaveLength(16);
    const { rows } = await writer.query<{ slot: number }>('select slot from outbox.message');
    const largest = ring.reduce((most, slot) => (slot.bytes > most.bytes ? slot : most));
    expect(largest.slot).toBe(rows[0]?.slot);
    expect(ring.filter(({ current }) => current)).toHaveLength(1);
  });
});

describe('the open transactions', () => {
  /** Of this database: other specs run on the same server. */
  const ours = async () =>
    (await readOpenTransactions(client)).filter(({ database: name }) => database.url.endsWith(`/${name}`));

  it('are those that wrote, the oldest that appended first: since when, in what state and with which statement', async () => {
    const [older, younger] = [await database.connect(), await database.connect()];
    const [other, reader] = [await database.connect(), await database.connect()];
    await reader.query('begin; select count(*) from outbox.message');
    await other.query('begin; create table other ()');
    for (const appender of [older, younger]) {
      await appender.query('begin');
      await append(appender, `k-${backendPid(appender)}`, 'x');
    }
    // Those of the whole server are ranked, and only the first few are told: those of other specs end.
    const open = await eventually(async () => {
      const told = await ours();
      expect(told.map(({ pid }) => pid)).toEqual([older, younger, other].map(backendPid));
      return told;
    });
    expect(open).toMatchObject([
      {
        ...{ appended: true, state: 'idle in transaction', prepared: null, ageMs: expect.any(Number) },
        query: expect.stringContaining('outbox.append'),
      },
      { appended: true },
      { appended: false },
    ]);
    for (const client of [older, younger, other]) await client.query('rollback');
    expect(await ours()).toEqual([]);
  });

  it('are prepared ones too, by the name that ends them', async () => {
    await writer.query('begin');
    await append(writer, 'k', 'x');
    const name = `status ${backendPid(writer)}`;
    await writer.query(`prepare transaction '${name}'`);
    try {
      expect(await ours()).toMatchObject([{ pid: null, prepared: name, appended: true, state: 'prepared' }]);
    } finally {
      await writer.query(`rollback prepared '${name}'`);
    }
    expect(await ours()).toEqual([]);
  });
});

describe('a connection for the status', () => {
  /** A role that may log in and what is granted here. */
  const asStranger = async (owner: pg.Client, grants: string, use: (url: string) => Promise<void>) => {
    const role = `onlooker_${backendPid(owner)}_${Date.now()}`;
    await owner.query(`create role ${role} login password 'secret'`);
    try {
      await owner.query(grants.replaceAll('ROLE', role));
      await use(Object.assign(new URL(database.url), { username: role, password: 'secret' }).href);
    } finally {
      await owner.query(`drop owned by ${role}`);
      await owner.query(`drop role ${role}`);
    }
  };

  it('is enough with the right to read, and then others keep their statements to themselves', async () => {
    const grants =
      'grant usage on schema outbox to ROLE; grant select on all tables in schema outbox to ROLE';
    await writer.query('begin');
    await append(writer, 'k', 'x');
    const another = await database.connect();
    await asStranger(another, grants, async (url) => {
      const stranger = await connectForStatus(url);
      try {
        const { openTransactions } = await readStatus(stranger);
        const one = openTransactions.find(({ pid }) => pid === backendPid(writer));
        expect(one).toMatchObject({ appended: true, query: null, state: null, ageMs: null });
      } finally {
        await stranger.end();
      }
    });
    await writer.query('rollback');
  });

  it('is refused in words without that right, where there is no outbox, and where nobody answers', async () => {
    await asStranger(writer, 'select', async (url) => {
      await expect(connectForStatus(url)).rejects.toMatchObject({
        code: 'SCHEMA_OUTDATED',
        message: expect.stringMatching(/Role "onlooker_.*grant it USAGE/),
      });
    });
    await using empty = await throwAwayDatabase();
    await expect(connectForStatus(empty.url)).rejects.toMatchObject({
      code: 'SCHEMA_OUTDATED',
      message: expect.stringContaining(`no outbox in database "${empty.name}"`),
    });
    await expect(connectForStatus('postgres://127.0.0.1:1/x')).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
    });
  });

  it('is refused behind a pooler, whose other clients would get its settings', async () => {
    await using pooler = await poolerBefore(database.url);
    await expect(connectForStatus(pooler.url)).rejects.toMatchObject({
      code: 'SERVER_UNSUITABLE',
      message: expect.stringMatching(/connection pooler.*direct URL/),
    });
  });

  it('is refused where the outbox is older than it', async () => {
    await writer.query('drop view outbox.message_status; drop table outbox.request');
    await expect(connectForStatus(database.url)).rejects.toThrow('is older than this command');
  });
});
