import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import type pg from 'pg';
import { migrateOutbox } from '../migrations/migrate-outbox.ts';
import { append, drain, texts } from '../outbox.fixture.ts';
import { requestRepublish } from '../parking/ask-owner.ts';
import { adoptLog } from './adopt-log.ts';
import { burnIds, clusters } from './copied-log.fixture.ts';

let all: Awaited<ReturnType<typeof clusters>>;
let origin: { url: string; client: pg.Client; stop: () => Promise<void> };
beforeEach(async () => {
  all = await clusters();
  const server = await all.start('origin');
  await migrateOutbox({ databaseUrl: server.url });
  origin = { url: server.url, client: await all.connect(server.url), stop: () => server.stop() };
});
afterEach(() => all[Symbol.asyncDispose]());

/** Messages of five keys, a transaction each: `k0 0`, `k1 1`, …; the number grows in order of commits. */
async function write(client: pg.Client, from: number, to: number): Promise<string[]> {
  const written: string[] = [];
  for (let number = from; number < to; number++) {
    written.push(`k${number % 5} ${number}`);
    await append(client, `k${number % 5}`, written.at(-1) ?? '');
  }
  return written;
}

/** Publishes one batch of so many messages. */
async function publish(url: string, count: number): Promise<string[]> {
  const session = await all.session(url, count);
  const batch = await session.nextBatch();
  await session.acknowledge(batch);
  await session[Symbol.asyncDispose]();
  return texts(batch.messages);
}

/** A log that stands in the middle of a window: 30 published in whole, 20 of the 40 behind them, and 10 that no window saw. */
async function writeAndPublishSome(): Promise<{ published: string[]; waiting: string[] }> {
  await burnIds(origin.client, 5000);
  const written = await write(origin.client, 0, 30);
  const first = await publish(origin.url, 1000);
  written.push(...(await write(origin.client, 30, 70)));
  const published = [...first, ...(await publish(origin.url, 20))];
  written.push(...(await write(origin.client, 70, 80)));
  expect(published).toHaveLength(50);
  return { published, waiting: written.filter((text) => !published.includes(text)) };
}

/** Another cluster with a copy of the rows. */
async function copyOfRows(): Promise<{ url: string; client: pg.Client }> {
  const { url } = await all.start('copy');
  await migrateOutbox({ databaseUrl: url });
  const client = await all.connect(url);
  await all.copyRows(origin.client, client);
  return { url, client };
}

const ofKey = (key: string, all: string[]): string[] => all.filter((text) => text.startsWith(`${key} `));
const keys = ['k0', 'k1', 'k2', 'k3', 'k4'];
const byKey = (all: string[]) => keys.map((key) => ofKey(key, all));

describe('a log whose rows were copied from another cluster', () => {
  it('is refused by a relay, which names the remedy', async () => {
    await writeAndPublishSome();
    const copy = await copyOfRows();
    await expect(all.session(copy.url)).rejects.toMatchObject({
      code: 'LOG_INCONSISTENT',
      retriable: false,
      message: expect.stringContaining('npm run outbox -- adopt'),
    });
  });

  it('publishes after its adoption exactly what was not published, unchanged, each key in order, and what was written here behind it', async () => {
    const { waiting } = await writeAndPublishSome();
    const identity =
      'select id, topic, key, type, payload, headers, created_at from outbox.message order by seq';
    const before = (await origin.client.query<{ payload: Buffer }>(identity)).rows;
    const copy = await copyOfRows();
    const native = await write(copy.client, 80, 100);
    // As if the clock here were years behind, directly and from within a savepoint: told by the physical transaction alone.
    await copy.client.query(`begin; savepoint inner_one`);
    await appendLongAgo(copy.client, 'k1 101');
    await copy.client.query('release inner_one; commit');
    await appendLongAgo(copy.client, 'k2 102');
    native.push('k1 101', 'k2 102');

    const done = await adoptLog({ databaseUrl: copy.url });
    expect(done).toMatchObject({ keptPosition: false, adopted: 52, setAside: 102 });
    expect(done.lanes).toHaveLength(16);
    const adopted = await copy.client.query<{ payload: Buffer }>(identity);
    expect(adopted.rows.slice(0, 30)).toEqual(
      before.filter(({ payload }) => waiting.includes(payload.toString())),
    );

    const session = await all.session(copy.url);
    expect(byKey(texts(await drain(session)))).toEqual(byKey([...waiting, ...native]));
    await append(copy.client, 'k0', 'k0 103');
    expect(texts(await drain(session))).toEqual(['k0 103']);
    const { rows } = await copy.client.query('select distinct status from outbox.message_status');
    expect(rows).toEqual([{ status: 'PUBLISHED' }]);
  });

  it('numbers on behind the parked messages, which are kept and not appended again', async () => {
    await write(origin.client, 0, 10);
    await origin.client.query(
      `insert into outbox.parked (seq, lane, id, topic, key, type, payload, headers, created_at, cause, code, error)
       select seq, lane, id, topic, key, type, payload, headers, created_at, 'MESSAGE', 'C', 'e'
         from outbox.message order by seq desc limit 1`,
    );
    await origin.client.query(`select setval('outbox.message_seq', 5000)`);
    await origin.client.query(
      `update outbox.parked set seq = seq + 4000; update outbox.message set seq = seq + 4000`,
    );
    const copy = await copyOfRows();
    expect(await adoptLog({ databaseUrl: copy.url })).toMatchObject({ adopted: 9, setAside: 10 });
    const { rows } = await copy.client.query<{ behind: boolean; state: string }>(
      `select (select min(seq) from outbox.message) > seq as behind, state from outbox.parked`,
    );
    expect(rows).toEqual([{ behind: true, state: 'PARKED' }]);
    // One of them is of the parked message's key, and waits behind it.
    expect(await drain(await all.session(copy.url))).toHaveLength(8);
    const parked = await copy.client.query('select cause, state from outbox.parked order by seq');
    expect(parked.rows).toEqual([
      { cause: 'MESSAGE', state: 'PARKED' },
      { cause: 'FOLLOWS', state: 'PARKED' },
    ]);
  });

  it('takes requests after its adoption, numbered behind those that were copied', async () => {
    await requestRepublish(origin.client, { since: new Date(0) });
    const copy = await copyOfRows();
    await adoptLog({ databaseUrl: copy.url });
    expect(await requestRepublish(copy.client, { since: new Date(0), key: 'k0' })).toEqual([17]);
  });

  it('is adopted once, with the relays stopped', async () => {
    await write(origin.client, 0, 5);
    const copy = await copyOfRows();
    const relay = await all.connect(copy.url);
    await relay.query('select pg_advisory_lock(1329747970, 3)');
    await expect(adoptLog({ databaseUrl: copy.url })).rejects.toMatchObject({
      code: 'DATABASE_REFUSED',
      retriable: true,
      message: expect.stringMatching(/relay owns lane 3: stop the relays/),
    });
    await relay.query('select pg_advisory_unlock_all()');
    await adoptLog({ databaseUrl: copy.url });
    // Nobody is asked to stop relays for nothing.
    await relay.query('select pg_advisory_lock(1329747970, 3)');
    await expect(adoptLog({ databaseUrl: copy.url })).rejects.toMatchObject({
      code: 'MISUSE',
      message: expect.stringContaining('nothing to adopt'),
    });
    await relay.query('select pg_advisory_unlock_all()');
    expect(await drain(await all.session(copy.url))).toHaveLength(5);
  });

  it('waits for writers that have begun, and takes what they commit along', async () => {
    await write(origin.client, 0, 5);
    const copy = await copyOfRows();
    const [writer, next] = [await all.connect(copy.url), await all.connect(copy.url)];
    await writer.query('begin');
    await append(writer, 'k0', 'k0 5');
    const adopting = adoptLog({ databaseUrl: copy.url });
    await waitForLocks(copy.client, 1);
    const late = append(next, 'k0', 'k0 6');
    await waitForLocks(copy.client, 2);
    await writer.query('commit');
    expect(await adopting).toMatchObject({ adopted: 6 });
    await late;
    const session = await all.session(copy.url);
    expect(ofKey('k0', texts(await drain(session)))).toEqual(['k0 0', 'k0 5', 'k0 6']);
  });
});

describe('a server that kept its transaction ids', () => {
  // pg_upgrade is not among the binaries that npm brings, nor is a way to give a cluster another identifier. What it leaves
  // behind, the same ids under another identifier, is made from a copy of the files by writing another one into the checkpoints.
  it('goes on where the log stood', async () => {
    const { waiting } = await writeAndPublishSome();
    await origin.client.end();
    await origin.stop();
    await all.copyFiles('origin', 'upgraded');
    const { url } = await all.start('upgraded');
    const client = await all.connect(url);
    await client.query('update outbox.checkpoint set system_identifier = system_identifier - 1');
    await expect(all.session(url)).rejects.toMatchObject({ code: 'LOG_INCONSISTENT' });
    const statuses = 'select id, status, published_at from outbox.message_status order by seq';
    const before = (await client.query(statuses)).rows;

    expect(await adoptLog({ databaseUrl: url, keepPosition: true })).toMatchObject({
      keptPosition: true,
      adopted: 0,
      setAside: 0,
    });
    expect((await client.query(statuses)).rows).toEqual(before);
    const native = await write(client, 80, 90);
    expect(byKey(texts(await drain(await all.session(url))))).toEqual(byKey([...waiting, ...native]));
  });

  it('is told from one that only has the rows, which is refused with the remedy', async () => {
    await writeAndPublishSome();
    const copy = await copyOfRows();
    const keep = () => adoptLog({ databaseUrl: copy.url, keepPosition: true });
    const refusal = (why: RegExp) => ({ code: 'MISUSE', message: expect.stringMatching(why) });
    await expect(keep()).rejects.toMatchObject(refusal(/has not given out yet.*npm run outbox -- adopt/));
    // Nor once its own counters have passed those of the copy.
    await burnIds(copy.client, 6000);
    await expect(keep()).rejects.toMatchObject(refusal(/has not given out yet.*npm run outbox -- adopt/));
    await copy.client.query(`select setval('outbox.message_seq', 1000)`);
    await expect(keep()).rejects.toMatchObject(refusal(/were copied here.*npm run outbox -- adopt/));
  });

  it('is told from one that has the rows of a single transaction, and whose ids have passed those of the copy', async () => {
    await burnIds(origin.client, 5000);
    await write(origin.client, 0, 1);
    await publish(origin.url, 1);
    const copy = await copyOfRows();
    // Its id is one of those that the copied position takes for published.
    await write(copy.client, 1, 2);
    await burnIds(copy.client, 6000);
    await copy.client.query(`select setval('outbox.message_seq', 1000)`);
    await expect(adoptLog({ databaseUrl: copy.url, keepPosition: true })).rejects.toMatchObject({
      code: 'MISUSE',
      message: expect.stringMatching(/were copied here/),
    });
    await adoptLog({ databaseUrl: copy.url });
    expect(texts(await drain(await all.session(copy.url)))).toContain('k1 1');
  });
});

/** The signal that so many sessions wait for a lock: PostgreSQL says so. */
async function waitForLocks(onlooker: pg.Client, count: number): Promise<void> {
  await eventually(async () => {
    const { rows } = await onlooker.query('select distinct pid from pg_locks where not granted');
    expect(rows).toHaveLength(count);
  });
}

async function appendLongAgo(client: pg.Client, text: string): Promise<void> {
  await client.query(
    `insert into outbox.message (topic, key, type, payload, created_at) values ('topic', $1, 'Happened', $2, '2020-01-01')`,
    [text.slice(0, 2), Buffer.from(text)],
  );
}
