import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, tcpProxy, type TcpProxy } from '@payments/testing';
import type pg from 'pg';
import { append, outboxDatabase } from '../outbox.fixture.ts';
import { openFigures, type FiguresReader } from './open-figures.ts';

let stack: AsyncDisposableStack;
let proxy: TcpProxy;
let writer: pg.Client;
let holder: pg.Client;
let figures: FiguresReader;
beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const database = stack.use(await outboxDatabase());
  writer = await database.connect();
  holder = await database.connect();
  proxy = stack.use(await tcpProxy({ target: new URL(database.url).host }));
  const databaseUrl = Object.assign(new URL(database.url), { host: proxy.address }).href;
  figures = stack.use(openFigures({ databaseUrl, answerWithinMs: 3000 }));
});
afterEach(() => stack.disposeAsync());

/** The connections that read figures here. */
const sessions = async () => {
  const { rows } = await writer.query<{ pid: number }>(
    `select pid from pg_stat_activity where application_name = 'outbox figures' and datname = current_database()`,
  );
  return rows.map(({ pid }) => pid);
};

describe('a reader of figures', () => {
  it('connects when it is first asked, keeps its one connection, and leaves none behind', async () => {
    expect(await sessions()).toEqual([]);
    await figures.read();
    const kept = await sessions();
    expect(kept).toHaveLength(1);
    await figures.read();
    expect(await sessions()).toEqual(kept);
    await figures[Symbol.asyncDispose]();
    await eventually(async () => expect(await sessions()).toEqual([]));
  });

  it('goes on with another connection when the server ended the one it had', async () => {
    await figures.read();
    const [pid] = await sessions();
    await writer.query('select pg_terminate_backend($1, 30000)', [pid]);
    await eventually(() => expect(proxy.connections()).toBe(0));
    await append(writer, 'a', '1');
    expect(await figures.read()).toMatchObject({ unpublishedMessages: 1 });
  });

  it('fails while the server is away, and reads again once it is back', async () => {
    await figures.read();
    await proxy.refuse();
    await expect(figures.read()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    await proxy.accept();
    expect(await figures.read()).toMatchObject({ unpublishedMessages: 0 });
  });

  it('gives up a server that has gone silent, and does not go on waiting for it', async () => {
    await figures.read();
    proxy.hold();
    const begun = performance.now();
    await expect(figures.read()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(performance.now() - begun).toBeLessThan(10_000);
    await expect(figures.read()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    proxy.release();
    expect(await figures.read()).toMatchObject({ unpublishedMessages: 0 });
  });

  it('has its statements ended by the server, too, when they take too long', async () => {
    await figures.read();
    const [pid] = await sessions();
    await holder.query('begin; lock table outbox.parked in access exclusive mode');
    const reading = figures.read();
    await expect(reading).rejects.toMatchObject({ name: 'OutboxError' });
    // The lock is still held: nobody but the server can have ended the statement that waits for it.
    await eventually(async () => expect(await sessions()).not.toContain(pid));
    await holder.query('rollback');
    expect(await figures.read()).toMatchObject({ parkedMessages: 0 });
  });
});
