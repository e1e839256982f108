import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Account, drain, outboxDatabase, texts } from '../outbox.fixture.ts';
import { appendMessage } from './append-message.ts';

let database: Awaited<ReturnType<typeof outboxDatabase>>;
let em: EntityManager;
let other: EntityManager;
beforeEach(async () => {
  database = await outboxDatabase();
  em = await database.service();
  other = em.fork();
  newAccount(other, 'taken');
  await other.flush();
});
afterEach(() => database[Symbol.asyncDispose]());

const newAccount = (into: EntityManager, id: string) =>
  into.persist(into.create(Account, { id, version: 0 }));
const append = (into: EntityManager, text: string) =>
  appendMessage(into, { topic: 'topic', key: 'k', type: 'Happened', payload: Buffer.from(text) });
/** A row and the message that tells of it. */
const open = (into: EntityManager, id: string) => {
  newAccount(into, id);
  append(into, id);
};
const makeRoom = async () => other.remove(await other.findOneOrFail(Account, 'taken')).flush();
const rowsAndMessages = async () => ({
  rows: (await em.fork().findAll(Account)).map(({ id }) => id),
  messages: texts(await drain(await database.session())),
});
const refused = /flush.*failed.*fork/i;

describe('an EntityManager whose flush failed', () => {
  it('refuses to flush again, for the rows would come without the messages', async () => {
    open(em, 'taken');
    await expect(em.flush()).rejects.toThrow(/duplicate key/);
    await makeRoom();
    await expect(em.flush()).rejects.toThrow(refused);
    expect(await rowsAndMessages()).toEqual({ rows: [], messages: [] });
  });

  it('refuses it also when the transaction did not even begin, for the messages would come without the rows', async () => {
    const hurried = await database.service({ poolSize: 1, connectTimeoutMs: 3_000 });
    const holder = hurried.fork();
    await holder.begin();
    open(hurried, 'a');
    await expect(hurried.flush()).rejects.toThrow(/timeout/);
    await holder.rollback();

    hurried.clear();
    newAccount(hurried, 'b');
    await expect(hurried.flush()).rejects.toThrow(refused);
    expect(await rowsAndMessages()).toEqual({ rows: ['taken'], messages: [] });
  });

  it('refuses it also after the transaction that it had begun itself was rolled back', async () => {
    await em.begin();
    open(em, 'taken');
    await expect(em.flush()).rejects.toThrow(/duplicate key/);
    await em.rollback();
    await makeRoom();

    await em.begin();
    await expect(em.commit()).rejects.toThrow(refused);
    await em.rollback();
    expect(await rowsAndMessages()).toEqual({ rows: [], messages: [] });
  });

  it('refuses it around a savepoint whose flush failed with what was pending outside', async () => {
    const attempt = em.transactional(async (outer) => {
      open(outer, 'pending');
      const inside = outer.transactional(async (inner) => {
        newAccount(inner, 'taken');
        await inner.flush();
      });
      await expect(inside).rejects.toThrow(/duplicate key/);
    });
    await expect(attempt).rejects.toThrow(refused);
    expect(await rowsAndMessages()).toEqual({ rows: ['taken'], messages: [] });
  });

  it('is not got round by a transaction of its own, which would take its rows along', async () => {
    open(em, 'taken');
    await expect(em.flush()).rejects.toThrow(/duplicate key/);
    await makeRoom();
    await expect(em.transactional(() => Promise.resolve())).rejects.toThrow(refused);
    expect(await rowsAndMessages()).toEqual({ rows: [], messages: [] });
  });

  it('refuses it around a savepoint that had changed a row of the outside', async () => {
    newAccount(other, 'taken too');
    await other.flush();
    const attempt = em.transactional(async (outer) => {
      const account = await outer.findOneOrFail(Account, 'taken');
      const inside = outer.transactional((inner) => {
        account.note = 'noted, and told';
        append(inner, 'noted');
        newAccount(inner, 'taken too');
        return Promise.resolve();
      });
      await expect(inside).rejects.toThrow(/duplicate key/);
    });
    await expect(attempt).rejects.toThrow(refused);
    expect(await em.fork().findOneOrFail(Account, 'taken')).toMatchObject({ note: null });
  });

  it('does not concern its forks, in which the unit of work is done again', async () => {
    const work = () => em.transactional((inner) => Promise.resolve(open(inner, 'taken')));
    await expect(work()).rejects.toThrow(/duplicate key/);
    await makeRoom();
    await work();
    expect(await rowsAndMessages()).toEqual({ rows: ['taken'], messages: ['taken'] });
  });
});
