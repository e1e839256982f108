import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import type pg from 'pg';
import { firstValueFrom } from 'rxjs';
import { append, appendMany, drain, outboxDatabase, texts } from '../outbox.fixture.ts';
import { openWaker } from '../wake/waker.ts';
import { openRelaySession, type RelaySession } from './relay-session.ts';

let database: Awaited<ReturnType<typeof outboxDatabase>>;
let writer: pg.Client;
beforeEach(async () => {
  database = await outboxDatabase();
  writer = await database.connect();
});
afterEach(() => database[Symbol.asyncDispose]());

/** Ends the database's side of every relay session, as an administrator or a crash would. Their locks are free when it resolves. */
const endSessions = () =>
  writer.query(
    `select pg_terminate_backend(pid, 10000) from pg_stat_activity where application_name = 'outbox relay' and datname = current_database()`,
  );

describe('a batch', () => {
  it('is given again until it is acknowledged', async () => {
    const session = await database.session({ rows: 2 });
    await appendMany(writer, 3, `'k'`);
    const batch = await session.nextBatch();
    expect(texts(batch.messages as never)).toEqual(['1', '2']);
    expect(batch.full).toBe(true);
    expect(await session.nextBatch()).toBe(batch);
    await session.acknowledge(batch);
    expect(texts((await session.nextBatch()).messages as never)).toEqual(['3']);
  });

  it('is the same for all who ask at once', async () => {
    const session = await database.session();
    await appendMany(writer, 3, `'k'`);
    const [one, other] = await Promise.all([session.nextBatch(), session.nextBatch()]);
    expect(other).toBe(one);
    await session.acknowledge(one);
    expect(await drain(session)).toEqual([]);
  });

  it('is read again by the next session unless it was acknowledged', async () => {
    const first = await database.session({ rows: 2 });
    await appendMany(writer, 5, `'k'`);
    await first.acknowledge(await first.nextBatch());
    await first.nextBatch();
    await first[Symbol.asyncDispose]();
    expect(texts(await drain(await database.session({ rows: 2 })))).toEqual(['3', '4', '5']);
  });

  it('is not read again once it was acknowledged, also when nothing followed', async () => {
    const first = await database.session();
    await appendMany(writer, 5);
    expect(await drain(first)).toHaveLength(5);
    await first[Symbol.asyncDispose]();
    expect(await drain(await database.session())).toEqual([]);
  });

  it('holds no more bytes than its limit, and a single message that is larger', async () => {
    const session = await database.session({ bytes: 100_000 });
    await appendMany(
      writer,
      9,
      `'k'`,
      `convert_to(repeat('x', case i when 5 then 300000 else 40000 end), 'UTF8')`,
    );
    const sizes: number[] = [];
    for (;;) {
      const batch = await session.nextBatch();
      if (batch.messages.length === 0) break;
      sizes.push(batch.messages.length);
      await session.acknowledge(batch);
    }
    expect(sizes).toEqual([3, 2, 3, 1]);
  });

  it('is refused an acknowledgement out of turn', async () => {
    const session = await database.session({ rows: 1 });
    await appendMany(writer, 2, `'k'`);
    const batch = await session.nextBatch();
    await session.acknowledge(batch);
    await expect(session.acknowledge(batch)).rejects.toThrow(/returned last/);
  });
});

describe('a checkpoint that is being written', () => {
  it('comes before the hand-over of its lanes: the relay that takes them reads nothing of it again', async () => {
    const first = await database.session();
    await appendMany(writer, 100);
    const batch = await first.nextBatch();
    const lanesMove = firstValueFrom(first.lanesMove$);
    const second = await database.session();
    const readAgain: number[] = [];
    const taking = second.lanesMove$.subscribe(
      () => void second.nextBatch().then(({ messages }) => readAgain.push(messages.length)),
    );
    await lanesMove;
    await writer.query('begin; lock table outbox.checkpoint in exclusive mode');
    const acknowledged = first.acknowledge(batch);
    const moved = first.nextBatch();
    await writer.query('commit');
    await acknowledged;
    expect((await moved).messages).toEqual([]);
    await eventually(() => expect([first.lanes().length, second.lanes().length]).toEqual([8, 8]));
    await eventually(() => expect(readAgain.length).toBeGreaterThan(0));
    taking.unsubscribe();
    expect(readAgain.filter((count) => count > 0)).toEqual([]);
  });

  it('comes before the end of the session', async () => {
    const first = await database.session();
    await appendMany(writer, 100);
    const batch = await first.nextBatch();
    await writer.query('begin; lock table outbox.checkpoint in exclusive mode');
    const acknowledged = first.acknowledge(batch);
    const ended = first[Symbol.asyncDispose]();
    await writer.query('commit');
    await Promise.all([acknowledged, ended]);
    expect(await drain(await database.session())).toEqual([]);
  });
});

describe('a checkpoint that waits for those of other batches', () => {
  /** A session of which the first checkpoint is written at once, and all that follow wait. */
  const patientSession = () => database.session({}, { checkpointEveryMs: 600_000 });

  /** Publishes three batches of a key; of the last two the checkpoints wait. */
  async function publishThree(session: RelaySession): Promise<Promise<void>[]> {
    const acknowledged: Promise<void>[] = [];
    for (const text of ['1', '2', '3']) {
      await append(writer, 'k', text);
      acknowledged.push(session.acknowledge(await session.nextBatch()));
    }
    return acknowledged;
  }

  it('is written by itself, and each message has a time', async () => {
    const session = await database.session();
    await Promise.all(await publishThree(session));
    const { rows } = await writer.query<{ status: string; published_at: Date | null }>(
      'select status, published_at from outbox.message_status order by seq',
    );
    expect(rows.map(({ status }) => status)).toEqual(['PUBLISHED', 'PUBLISHED', 'PUBLISHED']);
    expect(rows.every((row) => row.published_at !== null)).toBe(true);
  });

  it('comes before the end of the session, and each message has a time', async () => {
    const first = await patientSession();
    const acknowledged = await publishThree(first);
    await first[Symbol.asyncDispose]();
    await Promise.all(acknowledged);
    expect(await drain(await database.session())).toEqual([]);
    const untold = 'select from outbox.message_status where published_at is null';
    expect((await writer.query(untold)).rowCount).toBe(0);
  });

  it('comes before the hand-over of its lanes: the relay that takes them reads nothing of it again', async () => {
    const first = await patientSession();
    const acknowledged = await publishThree(first);
    await appendMany(writer, 100);
    acknowledged.push(first.acknowledge(await first.nextBatch()));
    const lanesMove = firstValueFrom(first.lanesMove$);
    const second = await database.session();
    await lanesMove;
    expect((await first.nextBatch()).messages).toEqual([]);
    await Promise.all(acknowledged);
    const readAgain: unknown[] = [];
    await eventually(async () => {
      readAgain.push(...(await second.nextBatch()).messages);
      expect([first.lanes().length, second.lanes().length]).toEqual([8, 8]);
    });
    readAgain.push(...(await second.nextBatch()).messages);
    expect(readAgain).toEqual([]);
  });

  it('keeps the clean-up from writing one of its lane before it, as of a lane in which nothing happens', async () => {
    const session = await patientSession();
    const acknowledged = await publishThree(session);
    // The lane has moved on in memory by what finds nothing.
    expect((await session.nextBatch()).messages).toEqual([]);
    await session.cleanUp({ retentionHours: 24 });
    await session[Symbol.asyncDispose]();
    await Promise.all(acknowledged);
    const { rows } = await writer.query<{ xmax: string }>(
      `select pg_snapshot_xmax(done)::text as xmax from outbox.checkpoint
        where lane = (select lane from outbox.message limit 1) order by number`,
    );
    const written = rows.map(({ xmax }) => BigInt(xmax));
    expect(written.length).toBeGreaterThanOrEqual(4);
    expect(written).toEqual(written.toSorted((one, other) => Number(one - other)));
  });

  it('comes before what is parked of a later one, which says how far the lane is', async () => {
    const session = await patientSession();
    const acknowledged = await publishThree(session);
    await append(writer, 'k', '4');
    const batch = await session.nextBatch();
    const [message] = batch.messages;
    if (!message) throw new Error('the fourth message is missing');
    await session.acknowledge(batch, [{ cause: 'MESSAGE', message, code: 'C', error: 'e' }]);
    await Promise.all(acknowledged);
    const written = 'select pos from outbox.checkpoint where lane = $1 and count > 0 order by number';
    const { rows } = await writer.query<{ pos: string }>(written, [message.lane]);
    expect(rows.map(({ pos }) => Number(pos))).toEqual([1, 2, 3, 4]);
  });
});

describe('a backlog', () => {
  it('of one lane delays another lane by one batch at most', async () => {
    const session = await database.session({ rows: 10 });
    await appendMany(writer, 1000, `'k'`);
    await session.acknowledge(await session.nextBatch());
    await session.acknowledge(await session.nextBatch());
    await append(writer, 'another', 'quick');
    // The batch behind the last one was read ahead, before the message was there.
    await session.acknowledge(await session.nextBatch());
    expect(texts((await session.nextBatch()).messages as never)).toContain('quick');
  });

  it('of many batches arrives complete and in order, with late rows of old transactions in between', async () => {
    const slow = await database.connect();
    await slow.query('begin');
    await append(slow, 'slow', 'low number');
    const session = await database.session({ rows: 100 });
    await appendMany(writer, 20_000, `'k' || (i % 7)`);
    const first = await session.nextBatch();
    await slow.query('commit');
    await appendMany(writer, 500, `'k' || (i % 7)`);
    await session.acknowledge(first);

    const messages = [...first.messages, ...(await drain(session))];
    expect(messages).toHaveLength(20_501);
    expect(messages.filter(({ key }) => key === 'slow')).toHaveLength(1);
    for (let key = 0; key < 7; key++) {
      const order = messages.filter((message) => message.key === `k${key}`).map(({ seq }) => seq);
      expect(order).toEqual(order.toSorted((one, other) => Number(one - other)));
    }
  });

  it('behind a large late transaction is read by a scan, complete and in order', async () => {
    const slow = await database.connect();
    await slow.query('begin');
    await slow.query(
      `insert into outbox.message (topic, key, type, payload) select 't', 'slow', 'T', i::text::bytea from generate_series(1, 11000) as i`,
    );
    const session = await database.session({ rows: 500 });
    await appendMany(writer, 2000, `'k' || (i % 3)`);
    expect(await drain(session)).toHaveLength(2000);
    await slow.query('commit');
    await appendMany(writer, 2000, `'k' || (i % 3)`);
    const messages = await drain(session);
    expect(messages).toHaveLength(13_000);
    expect(texts(messages.filter(({ key }) => key === 'slow'))).toEqual(
      Array.from({ length: 11_000 }, (_, index) => String(index + 1)),
    );
  });
});

describe('a hint while a batch is under way', () => {
  it('has the next one read, which is there before that is acknowledged', async () => {
    const session = await database.session();
    await append(writer, 'k', 'first');
    const batch = await session.nextBatch();
    const woken = firstValueFrom(session.wake$);
    await append(writer, 'k', 'second');
    await writer.query('notify outbox');
    await woken;
    // Its answer comes behind that of the read.
    expect(await session.standAside(0)).toBe(false);
    await append(writer, 'k', 'third');
    await session.acknowledge(batch);
    expect(texts((await session.nextBatch()).messages)).toEqual(['second']);
  });
});

describe('a relay', () => {
  it('learns that its session is lost, and can do nothing more in it', async () => {
    const session = await database.session({ rows: 1 });
    await appendMany(writer, 2, `'k'`);
    const batch = await session.nextBatch();
    const lost = new Promise((resolve) => session.lost.addEventListener('abort', resolve));
    await endSessions();
    await lost;
    expect(session.lost.reason).toMatchObject({ name: 'OutboxError', retriable: true });
    await expect(session.acknowledge(batch)).rejects.toMatchObject({ name: 'OutboxError', retriable: true });
    expect(texts(await drain(await database.session()))).toEqual(['1', '2']);
  });

  it('is woken by a hint after a commit', async () => {
    const session = await database.session();
    await using waker = await openWaker({ databaseUrl: database.url });
    const woken = firstValueFrom(session.wake$);
    waker.wake();
    await woken;
  });

  it('is woken again after the waker lost its connection', async () => {
    const session = await database.session();
    const lines: string[] = [];
    await using waker = await openWaker({ databaseUrl: database.url, log: (line) => lines.push(line) });
    await writer.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'outbox waker' and datname = current_database()`,
    );
    let hints = 0;
    const watching = session.wake$.subscribe(() => hints++);
    await eventually(() => {
      waker.wake();
      return Promise.resolve(expect(hints).toBeGreaterThan(0));
    });
    watching.unsubscribe();
    expect(lines.length).toBeLessThanOrEqual(1);
  });

  it('refuses a log that was copied from another cluster', async () => {
    await writer.query('update outbox.checkpoint set system_identifier = system_identifier + 1');
    await expect(database.session()).rejects.toMatchObject({ code: 'LOG_INCONSISTENT', retriable: false });
  });

  it('refuses a lane without a checkpoint rather than begin somewhere', async () => {
    await writer.query('delete from outbox.checkpoint where lane = 3');
    await expect(database.session()).rejects.toThrow(/no row for lane 3/);
  });

  it('says that the database is not there', async () => {
    const nowhere = 'postgres://nobody@127.0.0.1:1/none';
    const limits = { rows: 1, bytes: 1 };
    const opening = openRelaySession({ databaseUrl: nowhere, limits });
    await expect(opening).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', retriable: true });
  });
});
