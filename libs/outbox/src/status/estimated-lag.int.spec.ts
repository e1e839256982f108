import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { append, appendMany, drain, outboxDatabase } from '../outbox.fixture.ts';
import { connectForStatus } from './connect.ts';
import { readLag } from './read-lag.ts';

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

/** Appends so many transactions of 500 messages; `rolledBack` says which of them are. */
async function transactions(count: number, options: { key?: string; rolledBack?: (at: number) => boolean }) {
  const { key = `'k' || (i % 100)`, rolledBack = () => false } = options;
  for (let at = 0; at < count; at++) {
    await writer.query('begin');
    await appendMany(writer, 500, key);
    await writer.query(rolledBack(at) ? 'rollback' : 'commit');
  }
}

/** The lag says that so many wait, give or take 5 %. */
async function expectAbout(messages: number): Promise<void> {
  const { waiting, estimated } = await readLag(client);
  expect(estimated).toBe(true);
  expect(Math.abs(waiting / messages - 1)).toBeLessThan(0.05);
}

describe('the lag of a large backlog', () => {
  it('is about right in 16 even lanes, of whose numbers 30 % were rolled back', async () => {
    await transactions(80, { rolledBack: (at) => at % 10 < 3 });
    await expectAbout(28_000);
  });

  it('is about right in the lane of one hot key that stands still while the others go on', async () => {
    for (let turn = 0; turn < 4; turn++) {
      await transactions(4, {});
      await transactions(12, { key: `'hot'` });
    }
    const { rows } = await writer.query<{ lane: number; hot: number; others: number }>(
      `select lane, count(*) filter (where key = 'hot')::integer as hot, count(*) filter (where key <> 'hot')::integer as others
         from outbox.message where lane = (select lane from outbox.message where key = 'hot' limit 1) group by lane`,
    );
    const { lane, hot, others } = rows[0] ?? { lane: 0, hot: 0, others: 0 };
    expect(hot).toBe(24_000);
    await drain(await database.session({ rows: 10_000 }));
    expect(await readLag(client)).toMatchObject({ waiting: 0, estimated: false });
    // As if its owner had never come to write down anything.
    await writer.query('delete from outbox.checkpoint where lane = $1 and pos > 0', [lane]);
    await expectAbout(hot + others);
    expect(await readLag(client)).toMatchObject({ lanes: [lane] });
  });

  it('is about right in the middle of a window, with what was committed after it', async () => {
    await transactions(60, {});
    const session = await database.session({ rows: 1000 });
    for (let batch = 0; batch < 10; batch++) await session.acknowledge(await session.nextBatch());
    await transactions(20, {});
    await expectAbout(30_000);
    for (let batch = 0; batch < 5; batch++) await session.acknowledge(await session.nextBatch());
    await expectAbout(25_000);
  });

  it('is about right of a transaction that was overtaken, and whose end the relay has not seen', async () => {
    const slow = await database.connect();
    await slow.query('begin');
    await appendMany(slow, 25_000, `'slow' || (i % 100)`);
    // Of buckets that it has not locked, in half of the lanes.
    const { rows } = await writer.query<{ key: string }>(
      `select 'quick' || n as key from generate_series(1, 500) as n
        where outbox.key_hash('quick' || n) & 8 = 0
          and outbox.key_hash('quick' || n) & 1023 <> all (array(select outbox.key_hash('slow' || m) & 1023 from generate_series(0, 99) as m))
        limit 20`,
    );
    for (const { key } of rows) await append(writer, key, 'quick');
    await drain(await database.session());
    expect(await readLag(client)).toMatchObject({ waiting: 0, estimated: false });
    await slow.query('commit');
    await expectAbout(25_000);
  });
});
