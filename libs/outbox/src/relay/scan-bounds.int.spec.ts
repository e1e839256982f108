import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { append, appendMany, drain, outboxDatabase, texts, waitsForALock } from '../outbox.fixture.ts';
import { readClusterIdentity, writeCheckpoints } from './checkpoints.ts';
import { takeMark } from './mark.ts';
import { plantedFaults, pausedTrigger, pauseLock } from './scan-bounds.fixture.ts';

let database: Awaited<ReturnType<typeof outboxDatabase>>;
let onlooker: pg.Client;
let slow: pg.Client;
beforeEach(async () => {
  database = await outboxDatabase();
  [onlooker, slow] = [await database.connect(), await database.connect()];
});
afterEach(() => database[Symbol.asyncDispose]());

describe('the messages of a transaction that is open while others go on', () => {
  /** All lanes at one look, or lane after lane: what is more than the limit is read so. */
  const bothReads = it.each([
    ['', { rows: 1000 }],
    [', lane after lane', { rows: 1 }],
  ]);

  bothReads('are found when it has the newest id of all, as the relay begins%s', async (_, limits) => {
    await slow.query('begin');
    await append(slow, 'slow', 'low number');
    const session = await database.session(limits);
    expect(await drain(session)).toEqual([]);
    await slow.query('commit');
    expect(texts(await drain(session))).toEqual(['low number']);
  });

  bothReads(
    'are found when it has the newest id of all and the relay has looked many times%s',
    async (_, limits) => {
      const session = await database.session(limits);
      await slow.query('begin');
      for (let round = 0; round < 5; round++) {
        await append(slow, 'slow', `number ${round}`);
        expect(await drain(session)).toEqual([]);
      }
      await slow.query('commit');
      expect(await drain(session)).toHaveLength(5);
    },
  );

  bothReads('are found when it had its id long before it appended%s', async (_, limits) => {
    const session = await database.session(limits);
    await slow.query('begin');
    await slow.query('select pg_current_xact_id()');
    for (let round = 0; round < 5; round++) {
      await append(onlooker, `quick ${round}`, 'quick');
      await drain(session);
    }
    await append(slow, 'slow', 'high number of a low id');
    await append(onlooker, 'quick', 'quick');
    expect(texts(await drain(session))).toEqual(['quick']);
    await slow.query('commit');
    expect(texts(await drain(session))).toEqual(['high number of a low id']);
  });

  it.each([1, 2, 3, 50])(
    'are found by sessions that take over in the middle of a window, in batches of %i',
    async (rows) => {
      await slow.query('begin');
      await append(slow, 'slow', 'low number');
      await appendMany(onlooker, 100, `'k' || (i % 5)`);
      await append(slow, 'slow', 'high number');
      const seen: string[] = [];
      for (let takeover = 0; takeover < 30; takeover++) {
        const session = await database.session({ rows });
        const batch = await session.nextBatch();
        seen.push(...batch.messages.map(({ id }) => id));
        await session.acknowledge(batch);
        await session[Symbol.asyncDispose]();
        if (takeover === 15) await slow.query('commit');
        if (takeover % 10 === 0) await append(onlooker, 'more', String(takeover));
      }
      const last = await drain(await database.session());
      seen.push(...last.map(({ id }) => id));
      const { rows: all } = await onlooker.query<{ id: string }>('select id from outbox.message');
      expect(seen.toSorted()).toEqual(all.map(({ id }) => id).toSorted());
    },
  );

  it('are found after checkpoints of a version that kept no bounds', async () => {
    await slow.query('begin');
    await append(slow, 'slow', 'low number');
    await appendMany(onlooker, 10, `'k'`);
    const first = await database.session({ rows: 3 });
    await first.acknowledge(await first.nextBatch());
    await first[Symbol.asyncDispose]();
    await onlooker.query('update outbox.checkpoint set floor = null, next_floor = null, ceiling = null');
    await slow.query('commit');
    expect(await drain(await database.session({ rows: 3 }))).toHaveLength(8);
  });

  it('are found when it is large, in the order of their numbers among those of others', async () => {
    await slow.query('begin');
    await slow.query(
      `insert into outbox.message (topic, key, type, payload) select 't', 'slow', 'T', i::text::bytea from generate_series(1, 6000) as i`,
    );
    const session = await database.session({ rows: 500 });
    await appendMany(onlooker, 2000, `'k' || (i % 3)`);
    expect(await drain(session)).toHaveLength(2000);
    await slow.query('commit');
    await appendMany(onlooker, 2000, `'k' || (i % 3)`);
    const messages = await drain(session);
    expect(messages).toHaveLength(8000);
    expect(texts(messages.filter(({ key }) => key === 'slow'))).toEqual(
      Array.from({ length: 6000 }, (_, index) => String(index + 1)),
    );
  });
});

describe('a writer that pauses between its transaction id and its number', () => {
  /** What is delivered of a message whose writer stood still in the trigger while the relay went on. */
  async function delivered(trigger: string): Promise<string[]> {
    await onlooker.query(trigger);
    const quick = await database.connect();
    const session = await database.session({ rows: 1 });
    // The first nextval of all assigns an id by itself, for it writes to the log; the next 32 do not.
    await append(quick, 'quick', 'first');
    expect(texts(await drain(session))).toEqual(['first']);
    await onlooker.query(`select pg_advisory_lock(${pauseLock})`);
    const paused = append(slow, 'slow', 'paused');
    await waitsForALock(onlooker, slow);
    await append(quick, 'quick', 'quick');
    expect(texts(await drain(session))).toEqual(['quick']);
    // Its checkpoint brought a mark: the windows from now on begin above it. One that was read ahead does not.
    expect(await drain(session)).toEqual([]);
    await onlooker.query(`select pg_advisory_unlock(${pauseLock})`);
    await paused;
    // More than the limit: lane after lane, between the bounds.
    await append(quick, 'quick', 'last');
    return texts(await drain(session)).toSorted();
  }

  it('loses nothing', async () => {
    expect(await delivered(pausedTrigger)).toEqual(['last', 'paused']);
  });

  it('is seen to lose its message where the trigger draws the number first', async () => {
    expect(await delivered(plantedFaults.numberBeforeId)).toEqual(['last']);
  });
});

describe('a mark', () => {
  const written = async (client: pg.Client) => {
    const cluster = await readClusterIdentity(client);
    const bounds = { floor: 0n, nextFloor: 0n, ceiling: 1n };
    return writeCheckpoints(
      client,
      [{ lane: 0, done: '1:1:', window: '3:3:', pos: 1n, count: 1, ...bounds }],
      cluster,
    );
  };

  it('comes with checkpoints, as far as the sequence had got', async () => {
    await appendMany(onlooker, 7);
    expect(await written(onlooker)).toBe(7n);
    await onlooker.query('begin');
    expect(await written(onlooker)).toBe(7n);
    await onlooker.query('commit');
  });

  it('comes with none in a transaction that had its id before: one with a higher id may own a lower number', async () => {
    await onlooker.query('begin');
    await onlooker.query('select pg_current_xact_id()');
    await append(slow, 'slow', 'higher id');
    expect(await written(onlooker)).toBeUndefined();
    expect(await takeMark(onlooker, 0n)).toBe(0n);
    await onlooker.query('commit');
  });
});
