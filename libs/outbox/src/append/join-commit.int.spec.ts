import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EntityManager, EventSubscriber } from '@mikro-orm/postgresql';
import { Account, drain, outboxDatabase, texts } from '../outbox.fixture.ts';
import { appendMessage } from './append-message.ts';
import { outboxSubscriber } from './outbox-subscriber.ts';

let database: Awaited<ReturnType<typeof outboxDatabase>>;
beforeEach(async () => {
  database = await outboxDatabase();
});
afterEach(() => database[Symbol.asyncDispose]());

const happened = { topic: 'topic', key: 'k', type: 'Happened', payload: Buffer.from('happened') };
const delivered = async () => texts(await drain(await database.session()));
/** One connection, so that each transaction finds what the one before it left behind. */
const service = (subscribers: EventSubscriber[] = [outboxSubscriber]) =>
  database.service({ poolSize: 1, isJoined: true, subscribers });

const work = (em: EntityManager, message: Partial<typeof happened> & { id?: string } = {}) =>
  em.fork().transactional((inner) => {
    inner.persist(inner.create(Account, { id: 'a', version: 0 }));
    appendMessage(inner, { ...happened, ...message });
    return Promise.resolve();
  });

/** What the server was sent last by the only other session, in which nothing runs any more. */
async function lastSent(): Promise<string | undefined> {
  const onlooker = await database.connect();
  const { rows } = await onlooker.query<{ query: string }>(
    `select query from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  );
  return rows[0]?.query;
}

describe('the message of a transaction', () => {
  it('comes with its COMMIT', async () => {
    await work(await service());
    expect(await lastSent()).toMatch(/^insert .*into outbox\.message .*; commit$/);
    expect(await delivered()).toEqual(['happened']);
  });

  it('comes when there is nothing else in it', async () => {
    const em = await service();
    await em.transactional((inner) => Promise.resolve(appendMessage(inner, happened)));
    expect(await delivered()).toEqual(['happened']);
  });

  it.each([
    ['its id', { id: 'not a uuid' }, /uuid/],
    ['a zero byte', { type: 'Happened\0' }, /invalid message format/],
  ])(
    'takes the rows along when the server refuses it for %s, and the connection is as good as before',
    async (_, message, why) => {
      const em = await service();
      await expect(work(em, message)).rejects.toThrow(why);
      expect(await em.fork().count(Account)).toBe(0);
      await work(em);
      expect(await delivered()).toEqual(['happened']);
    },
  );

  it('is written as it is, whatever is in it', async () => {
    const odd = {
      topic: `it's`,
      key: `\\'; commit; --`,
      type: "$1 ? E'\\x'",
      payload: Buffer.from([0, 39, 92, 255]),
    };
    const headers = { "o'dd": '\\"\'' };
    const em = await service();
    await em.transactional((inner) => Promise.resolve(appendMessage(inner, { ...odd, headers })));
    expect(await drain(await database.session())).toMatchObject([{ ...odd, headers }]);
  });

  it('is rolled back when the COMMIT itself is refused', async () => {
    const em = await service();
    await em.execute(`create function refuse() returns trigger language plpgsql as $$ begin raise 'refused at the commit'; end $$;
      create constraint trigger refuse after insert on account deferrable initially deferred for each row execute function refuse()`);
    await expect(work(em)).rejects.toThrow('refused at the commit');
    expect(await delivered()).toEqual([]);
  });

  it('comes before whatever somebody else does at the commit', async () => {
    const counted: unknown[] = [];
    const em = await service([
      outboxSubscriber,
      {
        beforeTransactionCommit: async ({ em: inner }: { em: object }) => {
          counted.push(await (inner as EntityManager).execute('select topic from outbox.message'));
        },
      },
    ]);
    await work(em);
    expect(counted).toEqual([[{ topic: 'topic' }]]);
    expect(await delivered()).toEqual(['happened']);
  });

  it('is not sent any more in a transaction that somebody else ends at the commit', async () => {
    const failing = { beforeTransactionCommit: () => Promise.reject(new Error('not this one')) };
    const em = await service([outboxSubscriber, failing]);
    // The server would refuse it, and nobody would send the ROLLBACK.
    await expect(work(em, { id: 'not a uuid' })).rejects.toThrow('not this one');
    expect(await em.fork().count(Account)).toBe(0);
    expect(await delivered()).toEqual([]);
  });
});
