import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { drain, outboxDatabase } from '../outbox.fixture.ts';
import { connectForStatus } from './connect.ts';
import { readLag } from './read-lag.ts';

let database: Awaited<ReturnType<typeof outboxDatabase>>;
let client: pg.Client;
let writer: pg.Client;
beforeEach(async () => {
  database = await outboxDatabase();
  client = await connectForStatus(database.url);
  writer = await database.connect();
  await writer.query('alter table outbox.message disable trigger number_message');
});
afterEach(async () => {
  await client.end();
  await database[Symbol.asyncDispose]();
});

/** Appends messages as the trigger numbers them, without its locks, at a tenth of its cost; `key` is SQL over their number `i`. */
const appendFast = (by: pg.Client, count: number, key: string) =>
  by.query(
    `insert into outbox.message (lane, xid, seq, topic, key, type, payload)
     select outbox.key_hash(${key}) & 15, pg_current_xact_id(), nextval('outbox.message_seq'), 'topic', ${key}, 'Happened', 'x'
       from generate_series(1, $1::integer) as i`,
    [count],
  );

/** Appends so many transactions of 1,000 messages; `rolledBack` says which of them are. */
async function transactions(count: number, options: { key?: string; rolledBack?: (at: number) => boolean }) {
  const { key = `'k' || i % 100`, rolledBack = () => false } = options;
  for (let at = 0; at < count; at++) {
    await writer.query('begin');
    await appendFast(writer, 1000, key);
    await writer.query(rolledBack(at) ? 'rollback' : 'commit');
  }
}

/** The lag says that so many wait, give or take 5 %. */
async function expectAbout(messages: number): Promise<void> {
  const { waiting, estimated } = await readLag(client);
  expect(estimated).toBe(true);
  console.log(`${waiting} estimated, ${messages} wait`);
  expect(Math.abs(waiting / messages - 1)).toBeLessThan(0.05);
}

/** The pages that reading the lag touches: what it costs, whatever else the machine does. */
async function pagesTouched(): Promise<number> {
  const asked: string[] = [];
  const noting = { query: (text: string) => (asked.push(text), client.query<object>(text)) };
  await readLag(noting as never);
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
    `explain (analyze, buffers, format json) ${asked.join(';')}`,
  );
  const plan = rows[0]?.['QUERY PLAN'][0].Plan;
  return (plan?.['Shared Hit Blocks'] ?? NaN) + (plan?.['Shared Read Blocks'] ?? NaN);
}

describe('the lag of a large backlog', () => {
  it('is about right in 16 even lanes, of whose numbers 30 % were rolled back, and reads no more of a longer one', async () => {
    const rolledBack = (at: number) => at % 10 < 3;
    await transactions(60, { rolledBack });
    const short = await pagesTouched();
    await transactions(60, { rolledBack });
    const long = await pagesTouched();
    await expectAbout(84_000);
    console.log(`pages touched: ${short} of 42,000 messages, ${long} of 84,000`);
    expect(long).toBeLessThan(1.3 * short);
  });

  it('is about right in the lane of one hot key that stands still while the others go on', async () => {
    const empty = await pagesTouched();
    for (let turn = 0; turn < 4; turn++) {
      await transactions(2, {});
      await transactions(6, { key: `'hot'` });
    }
    const { rows } = await writer.query<{ lane: number; hot: number; others: number }>(
      `select lane, count(*) filter (where key = 'hot')::integer as hot, count(*) filter (where key <> 'hot')::integer as others
         from outbox.message where lane = (select lane from outbox.message where key = 'hot' limit 1) group by lane`,
    );
    const { lane, hot, others } = rows[0] ?? { lane: 0, hot: 0, others: 0 };
    expect(hot).toBe(24_000);
    await drain(await database.session({ rows: 10_000 }));
    expect(await readLag(client)).toMatchObject({ waiting: 0, estimated: false });
    expect(await pagesTouched()).toBeLessThan(2 * empty);
    // As if its owner had never come to write down anything.
    await writer.query('delete from outbox.checkpoint where lane = $1 and pos > 0', [lane]);
    await expectAbout(hot + others);
    expect(await readLag(client)).toMatchObject({ lanes: [lane] });
  });

  it('is about right in the middle of a window, with what was committed after it', async () => {
    await transactions(70, {});
    const session = await database.session({ rows: 1000 });
    for (let batch = 0; batch < 10; batch++) await session.acknowledge(await session.nextBatch());
    await transactions(20, {});
    await expectAbout(80_000);
    for (let batch = 0; batch < 5; batch++) await session.acknowledge(await session.nextBatch());
    await expectAbout(75_000);
  });

  it('is about right of a transaction that was overtaken, and whose end the relay has not seen', async () => {
    const slow = await database.connect();
    await slow.query('begin');
    await appendFast(slow, 70_000, `'slow' || i % 100`);
    await transactions(1, { key: `'k' || i % 8` });
    await drain(await database.session());
    expect(await readLag(client)).toMatchObject({ waiting: 0, estimated: false });
    await slow.query('commit');
    await expectAbout(70_000);
  });
});
