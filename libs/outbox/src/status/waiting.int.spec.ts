import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { compareWithHistory, historyTables, writeHistory } from '../commit-order.fixture.ts';
import { append, drain, outboxDatabase } from '../outbox.fixture.ts';
import { connectForStatus } from './connect.ts';
import { listMessages } from './list-messages.ts';
import { readLag } from './read-lag.ts';
import { appendKeys, keysOfOneLane, statusesByView } from './status.fixture.ts';

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

const waitingByList = async () => (await listMessages(client, { status: 'INIT', limit: 1000 })).messages;

describe('the lag', () => {
  it('is the number of messages that wait, and the age of the oldest', async () => {
    expect(await readLag(client)).toEqual({ waiting: 0, estimated: false, oldestMs: null, lanes: [] });
    await append(writer, 'a', '1');
    await writer.query('select pg_sleep(0.3)');
    await append(writer, 'a', '2');
    const lag = await readLag(client);
    expect(lag).toMatchObject({ waiting: 2, estimated: false, lanes: [expect.any(Number)] });
    expect(lag.oldestMs).toBeGreaterThanOrEqual(300);
    await drain(await database.session());
    expect(await readLag(client)).toMatchObject({ waiting: 0, oldestMs: null });
  });

  it('counts what a window still holds behind the last batch', async () => {
    await appendKeys(
      writer,
      Array.from({ length: 10 }, () => 'a'),
    );
    const session = await database.session({ rows: 3 });
    await session.acknowledge(await session.nextBatch());
    expect(await readLag(client)).toMatchObject({ waiting: 7 });
    await append(writer, 'a', 'newer than the window');
    expect(await readLag(client)).toMatchObject({ waiting: 8, lanes: [expect.any(Number)] });
  });

  it('counts a message with a low number once its transaction has committed, and not before', async () => {
    const [slowKey = '', quickKey = ''] = await keysOfOneLane(writer, 2);
    const slow = await database.connect();
    await slow.query('begin');
    await append(slow, slowKey, 'low number');
    await append(writer, quickKey, 'high number');
    const session = await database.session();
    await drain(session);
    expect(await readLag(client)).toMatchObject({ waiting: 0 });
    await slow.query('commit');
    expect(await readLag(client)).toMatchObject({ waiting: 1 });
    expect(await waitingByList()).toMatchObject([{ key: slowKey }]);
    await drain(session);
    expect(await readLag(client)).toMatchObject({ waiting: 0 });
  });

  it('counts what a window holds before and behind thousands of published messages, while it is worked through', async () => {
    const [slowKey = '', quickKey = ''] = await keysOfOneLane(writer, 2);
    const slow = await database.connect();
    await slow.query('begin');
    await appendKeys(
      slow,
      Array.from({ length: 10 }, () => slowKey),
    );
    await appendKeys(
      writer,
      Array.from({ length: 2500 }, () => quickKey),
    );
    const first = await database.session();
    await drain(first);
    await first[Symbol.asyncDispose]();
    await slow.query('commit');
    await appendKeys(
      writer,
      Array.from({ length: 5 }, () => quickKey),
    );
    const second = await database.session({ rows: 3 });
    await second.acknowledge(await second.nextBatch());
    expect(await readLag(client)).toMatchObject({ waiting: 12, estimated: false });
    expect(await waitingByList()).toHaveLength(12);
  });

  it('estimates where more than 2,000 of a lane wait, says so, and is exact again at the end of the backlog', async () => {
    await appendKeys(
      writer,
      Array.from({ length: 5000 }, () => 'a'),
    );
    expect(await readLag(client)).toMatchObject({ waiting: 5000, estimated: true });
    expect((await waitingByList())[0]).toMatchObject({ seq: '5000' });
    const session = await database.session({ rows: 1500 });
    for (let batch = 0; batch < 2; batch++) await session.acknowledge(await session.nextBatch());
    expect(await readLag(client)).toMatchObject({ waiting: 2000, estimated: false });
    await drain(session);
    expect(await readLag(client)).toMatchObject({ waiting: 0, estimated: false });
  });

  it('agrees with the view message_status at every step of a history with late commits and rollbacks', async () => {
    const onlooker = await database.connect();
    await onlooker.query(historyTables);
    await onlooker.query(`insert into key_version (key) select 'key-' || n from generate_series(0, 7) as n`);
    const writers = await Promise.all([1, 2, 3].map(() => database.connect()));
    const session = await database.session({ rows: 7 });
    const writing = Promise.all(
      writers.map((writer, at) => writeHistory(writer, { seed: at + 11, transactions: 60, keys: 8 })),
    );
    let written = false;
    void writing.finally(() => (written = true));
    const delivered = [];
    let steps = 0;
    while (!written || (await readLag(client)).waiting > 0) {
      const batch = await session.nextBatch();
      delivered.push(...batch.messages);
      await session.acknowledge(batch);
      const [lag, listed, byView] = await oneSnapshot(client, async () => [
        await readLag(client),
        await waitingByList(),
        (await statusesByView(client)).filter(({ status }) => status === 'INIT'),
      ]);
      expect(listed.map(({ seq }) => seq)).toEqual(byView.map(({ seq }) => seq));
      expect(lag.waiting).toBe(byView.length);
      if (byView.length > 0) steps++;
    }
    await writing;
    expect(steps).toBeGreaterThan(10);
    const clean = { lost: [], ghosts: [], repeated: [], reversed: [] };
    expect(await compareWithHistory(onlooker, delivered)).toEqual(clean);
  });
});

async function oneSnapshot<T>(client: pg.Client, read: () => Promise<T>): Promise<T> {
  await client.query('begin isolation level repeatable read');
  try {
    return await read();
  } finally {
    await client.query('commit');
  }
}
