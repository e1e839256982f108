import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { append, drain, outboxDatabase, texts, waitsForALock } from './outbox.fixture.ts';
import { backendPid } from './relay/connect.ts';

let database: Awaited<ReturnType<typeof outboxDatabase>>;
let onlooker: pg.Client;
beforeEach(async () => {
  database = await outboxDatabase();
  onlooker = await database.connect();
});
afterEach(() => database[Symbol.asyncDispose]());

describe('order', () => {
  it('of one key is the order of commits: the second writer is numbered only after the first has committed', async () => {
    const [first, second] = [await database.connect(), await database.connect()];
    await first.query('begin');
    await append(first, 'k', 'first');
    const behind = append(second, 'k', 'second');
    await waitsForALock(onlooker, second);
    await append(first, 'k', 'first again');
    await first.query('commit');
    await behind;
    expect(texts(await drain(await database.session()))).toEqual(['first', 'first again', 'second']);
  });

  it('of one key holds also when its first writer rolls back', async () => {
    const [first, second] = [await database.connect(), await database.connect()];
    await first.query('begin');
    await append(first, 'k', 'never');
    const behind = append(second, 'k', 'second');
    await waitsForALock(onlooker, second);
    await first.query('rollback');
    await behind;
    expect(texts(await drain(await database.session()))).toEqual(['second']);
  });
});

describe('a message along with another statement', () => {
  const along = (key: string, row: number) =>
    `with message as (insert into outbox.message (topic, key, type, payload) values ('topic', '${key}', 'Happened', 'along ${row}'))
     insert into public.fact (row) values (${row})`;
  beforeEach(() => onlooker.query('create table public.fact (row integer primary key)'));

  it('is there if that worked, and keeps the order of its key', async () => {
    const [first, second] = [await database.connect(), await database.connect()];
    await first.query('begin');
    await first.query(along('k', 1));
    const behind = second.query(along('k', 2));
    await waitsForALock(onlooker, second);
    await expect(onlooker.query(`${along('other', 3)}, (3)`)).rejects.toThrow(/duplicate key/);
    await first.query('commit');
    await behind;
    expect(texts(await drain(await database.session()))).toEqual(['along 1', 'along 2']);
  });

  it('is there also where that finds no row to write', async () => {
    await onlooker.query(along('k', 1));
    await onlooker.query(`${along('k', 1)} on conflict do nothing`);
    expect(texts(await drain(await database.session()))).toEqual(['along 1', 'along 1']);
  });
});

describe('a message with a low number that commits late', () => {
  it('is not lost: it lies in a later window', async () => {
    const [slow, quick] = [await database.connect(), await database.connect()];
    const session = await database.session();
    await slow.query('begin');
    await append(slow, 'slow', 'low number');
    await append(quick, 'quick', 'high number');
    expect(texts(await drain(session))).toEqual(['high number']);
    await slow.query('commit');
    expect(texts(await drain(session))).toEqual(['low number']);
  });

  it('is not lost either when its lane went on meanwhile, or when a new session takes over in between', async () => {
    const [slow, quick] = [await database.connect(), await database.connect()];
    await slow.query('begin');
    await append(slow, 'slow', 'low number');
    const first = await database.session();
    for (let round = 0; round < 50; round++) await append(quick, `quick-${round}`, 'high number');
    expect(await drain(first)).toHaveLength(50);
    await first[Symbol.asyncDispose]();
    await slow.query('commit');
    expect(texts(await drain(await database.session()))).toEqual(['low number']);
  });
});

describe('a transaction that stays open', () => {
  it('delays nobody: 1,000 other keys are written and read beside it', async () => {
    const [open, writer] = [await database.connect(), await database.connect()];
    const session = await database.session();
    await open.query('begin');
    for (let key = 0; key < 60; key++) await append(open, `open-${key}`, 'held');
    // A writer that had to wait for a lock would fail rather than be slow.
    await writer.query(`set lock_timeout = '50ms'`);
    const seen: string[] = [];
    for (let key = 0; key < 1000; key++) {
      await append(writer, `other-${key}`, String(key));
      if (key % 100 === 99) seen.push(...texts(await drain(session)));
    }
    expect(new Set(seen).size).toBe(1000);
    await open.query('commit');
    expect(await drain(session)).toHaveLength(60);
  });
});

describe('many keys at once', () => {
  it('go in one call: 20,000 keys neither fail nor wait for a lock each', async () => {
    const writer = await database.connect();
    await writer.query('begin');
    await writer.query(
      `select outbox.append(array_agg('t'::text), array_agg('k' || i), array_agg('T'::text), array_agg('x'::bytea), array_agg(null::jsonb), array_agg(null::uuid))
         from generate_series(1, 20000) as i`,
    );
    const { rows } = await onlooker.query<{ held: number }>(
      `select count(*)::integer as held from pg_locks where locktype = 'advisory' and pid = $1`,
      [backendPid(writer)],
    );
    expect(rows[0]?.held).toBeLessThanOrEqual(1024);
    await writer.query('commit');
    expect(await drain(await database.session())).toHaveLength(20_000);
  });

  it('one by one are refused at the 1,001st, and the refusal names the remedy', async () => {
    const writer = await database.connect();
    const insert = `insert into outbox.message (topic, key, type, payload) select 't', 'k' || i, 'T', 'x' from generate_series($1::int, $2::int) as i`;
    await writer.query('begin');
    await writer.query(insert, [1, 1000]);
    await writer.query('savepoint before');
    await expect(writer.query(insert, [1001, 1001])).rejects.toMatchObject({
      message: expect.stringContaining('1,000 keys'),
      hint: expect.stringContaining('in one call'),
    });
    await writer.query('rollback to before');
    await writer.query('commit');
  });

  it('are not many when the same key comes again and again', async () => {
    const writer = await database.connect();
    await writer.query('begin');
    await writer.query(
      `insert into outbox.message (topic, key, type, payload) select 't', 'k', 'T', i::text::bytea from generate_series(1, 3000) as i`,
    );
    await writer.query('commit');
    const order = texts(await drain(await database.session()));
    expect(order).toEqual(Array.from({ length: 3000 }, (_, index) => String(index + 1)));
  });
});

describe('a row that could not be delivered for certain is refused', () => {
  const insert = 'insert into outbox.message (topic, key, type, payload) values ($1, $2, $3, $4)';

  it('from a transaction that does not wait for the disk', async () => {
    const writer = await database.connect();
    await writer.query('set synchronous_commit = off');
    await expect(writer.query(insert, ['t', 'k', 'T', 'x'])).rejects.toThrow(/synchronous_commit is off/);
  });

  it('without a key', async () => {
    await expect(onlooker.query(insert, ['t', null, 'T', 'x'])).rejects.toThrow(/key is null/);
  });

  it.each([
    '{"attempt": 1}',
    '{"attempt": null}',
    '{"attempt": {}}',
    '{"attempt": ["a"]}',
    '{"attempt": []}',
    '["a"]',
    '"a"',
  ])('with headers that Kafka cannot carry: %s', async (headers) => {
    const attempt = onlooker.query(`select outbox.append('t', 'k', 'T', 'x', $1::jsonb)`, [headers]);
    await expect(attempt).rejects.toThrow(/headers/);
  });

  it.each(['infinity', '-infinity', '0044-03-15 BC', '10000-01-01', '280000-01-01'])(
    'with a time that a CloudEvent cannot carry: %s',
    async (time) => {
      const attempt = onlooker.query(
        `insert into outbox.message (topic, key, type, payload, created_at) values ('t', 'k', 'T', 'x', $1)`,
        [time],
      );
      await expect(attempt).rejects.toThrow(/created_at/);
    },
  );

  it('without a topic', async () => {
    await expect(onlooker.query(insert, ['', 'k', 'T', 'x'])).rejects.toThrow(/topic/);
  });
});

describe('message_status', () => {
  it('tells what became of each message, and when', async () => {
    const session = await database.session();
    await append(onlooker, 'k', 'published');
    await drain(session);
    await append(onlooker, 'k', 'waiting');
    const { rows } = await onlooker.query<{ status: string; published_at: Date | null; created_at: Date }>(
      'select status, published_at, created_at from outbox.message_status order by seq',
    );
    expect(rows.map(({ status }) => status)).toEqual(['PUBLISHED', 'INIT']);
    expect(rows[0]?.published_at?.getTime()).toBeGreaterThanOrEqual(
      rows[0]?.created_at.getTime() ?? Infinity,
    );
    expect(rows[1]?.published_at).toBeNull();
  });

  it('tells a later message of a finished window from one that waits', async () => {
    const session = await database.session({ rows: 2 });
    for (let number = 0; number < 5; number++) await append(onlooker, 'k', String(number));
    const batch = await session.nextBatch();
    await session.acknowledge(batch);
    const { rows } = await onlooker.query<{ status: string }>(
      'select status from outbox.message_status order by seq',
    );
    expect(rows.map(({ status }) => status)).toEqual(['PUBLISHED', 'PUBLISHED', 'INIT', 'INIT', 'INIT']);
  });
});

describe('a plain writer', () => {
  it('needs no more than to insert: not the sequence, not the functions of the trigger', async () => {
    const role = `writer_${Date.now()}`;
    await onlooker.query(`create role ${role}`);
    await onlooker.query(`grant usage on schema outbox to ${role}`);
    await onlooker.query(
      `grant insert (id, topic, key, type, payload, headers) on outbox.message to ${role}`,
    );
    const writer = await database.connect();
    await writer.query(`set role ${role}`);
    await writer.query(
      `insert into outbox.message (topic, key, type, payload) values ('t', 'k', 'T', 'plain')`,
    );
    const { rows } = await writer.query<{ id: string }>(
      `select outbox.append('t', 'k', 'T', 'appended') as id`,
    );
    const messages = await drain(await database.session());
    expect(texts(messages)).toEqual(['plain', 'appended']);
    expect(messages[1]?.id).toBe(rows[0]?.id);
    await onlooker.query(`drop owned by ${role}`);
    await writer.query('reset role');
    await onlooker.query(`drop role ${role}`);
  });
});
