import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defineEntity, LockMode, MikroORM, p, type EntityManager } from '@mikro-orm/postgresql';
import { context, propagation, trace, TraceFlags } from '@opentelemetry/api';
import { Account, drain, Entry, outboxDatabase, texts } from '../outbox.fixture.ts';
import { appendMessage } from './append-message.ts';
import { OutboxMessage } from './outbox-message.ts';

let database: Awaited<ReturnType<typeof outboxDatabase>>;
beforeEach(async () => {
  database = await outboxDatabase();
});
afterEach(() => database[Symbol.asyncDispose]());

const happened = (text: string, key = 'k') => ({
  topic: 'topic',
  key,
  type: 'Happened',
  payload: Buffer.from(text),
});
const delivered = async () => texts(await drain(await database.session()));
const newAccount = (em: EntityManager, id: string) => em.persist(em.create(Account, { id, version: 0 }));
const failing = new Error('the business changed its mind');

/** The fault: a message that MikroORM itself writes. */
const InsertedByTheFlush = defineEntity({
  name: 'InsertedByTheFlush',
  schema: 'outbox',
  tableName: 'message',
  properties: {
    id: p.uuid().primary(),
    topic: p.text(),
    key: p.text(),
    type: p.text(),
    payload: p.blob(),
    headers: p.json<Record<string, string>>(),
  },
});

describe('a message appended in a unit of work', () => {
  it('commits with the rows of the unit of work, in the order of append', async () => {
    const em = await database.service();
    newAccount(em, 'a');
    const id = appendMessage(em, happened('first'));
    appendMessage(em, happened('second'));
    await em.flush();

    const messages = await drain(await database.session());
    expect(texts(messages)).toEqual(['first', 'second']);
    expect(messages[0]).toMatchObject({ id, topic: 'topic', key: 'k', type: 'Happened', headers: {} });
    expect(await em.fork().count(Account)).toBe(1);
  });

  it('is written also when the unit of work holds nothing else', async () => {
    const em = await database.service();
    appendMessage(em, happened('alone'));
    await em.flush();
    expect(await delivered()).toEqual(['alone']);
  });

  it('is written once, however often the unit of work is flushed', async () => {
    const em = await database.service();
    await em.transactional(async (inner) => {
      appendMessage(inner, happened('once'));
      await inner.flush();
      newAccount(inner, 'a');
      await inner.flush();
    });
    await em.flush();
    expect(await delivered()).toEqual(['once']);
  });

  it('vanishes with the rows of a transaction that rolls back', async () => {
    const em = await database.service();
    const attempt = em.transactional(async (inner) => {
      newAccount(inner, 'a');
      appendMessage(inner, happened('never'));
      await inner.flush();
      throw failing;
    });
    await expect(attempt).rejects.toBe(failing);
    expect(await delivered()).toEqual([]);
    expect(await em.fork().count(Account)).toBe(0);
  });

  it('takes the rows along when the database refuses the message itself', async () => {
    const em = await database.service();
    const attempt = em.transactional((inner) => {
      newAccount(inner, 'a');
      appendMessage(inner, { ...happened('never'), id: 'not a uuid' });
      return Promise.resolve();
    });
    await expect(attempt).rejects.toThrow(/uuid/);
    expect(await em.fork().count(Account)).toBe(0);
  });

  it('commits between an explicit begin and commit, and not before', async () => {
    const em = await database.service();
    await em.begin();
    newAccount(em, 'a');
    appendMessage(em, happened('explicit'));
    await em.flush();
    const session = await database.session();
    expect(texts(await drain(session))).toEqual([]);
    await em.commit();
    expect(texts(await drain(session))).toEqual(['explicit']);
  });

  it('keeps the trace in which it was appended, and no other header of the context', async () => {
    const em = await database.service();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await withW3cPropagation(async () => {
      const [, traceId = '', spanId = ''] = traceparent.split('-');
      const span = trace.setSpanContext(context.active(), {
        traceId,
        spanId,
        traceFlags: TraceFlags.SAMPLED,
      });
      context.with(span, () => appendMessage(em, { ...happened('traced'), headers: { ce_source: '/spec' } }));
      await em.flush();
    });
    const [message] = await drain(await database.session());
    expect(message?.headers).toEqual({ ce_source: '/spec', traceparent });
  });
});

describe('savepoints', () => {
  it('that roll back drop exactly their own messages', async () => {
    const em = await database.service();
    await em.transactional(async (outer) => {
      appendMessage(outer, happened('outer before'));
      await outer.transactional((inner) => Promise.resolve(appendMessage(inner, happened('kept'))));
      await swallow(
        outer.transactional(async (inner) => {
          appendMessage(inner, happened('dropped'));
          await inner.transactional((innermost) =>
            Promise.resolve(appendMessage(innermost, happened('dropped as well'))),
          );
          throw failing;
        }),
      );
      await outer.transactional(async (inner) => {
        appendMessage(inner, happened('around'));
        await swallow(
          inner.transactional((innermost) => {
            appendMessage(innermost, happened('dropped inside'));
            throw failing;
          }),
        );
      });
      appendMessage(outer, happened('outer after'));
    });
    expect(await delivered()).toEqual(['outer before', 'kept', 'around', 'outer after']);
  });

  it('that roll back after a flush drop rows and messages alike', async () => {
    const em = await database.service();
    await em.transactional(async (outer) => {
      newAccount(outer, 'kept');
      appendMessage(outer, happened('kept'));
      await outer.flush();
      await swallow(
        outer.transactional(async (inner) => {
          newAccount(inner, 'dropped');
          appendMessage(inner, happened('dropped'));
          await inner.flush();
          throw failing;
        }),
      );
    });
    expect(await delivered()).toEqual(['kept']);
    expect((await em.fork().findAll(Account)).map(({ id }) => id)).toEqual(['kept']);
  });

  it('take the rows and the messages of an outer unit of work that they flushed, so that neither stays alone', async () => {
    const em = await database.service();
    await em.transactional(async (outer) => {
      newAccount(outer, 'pending');
      appendMessage(outer, happened('pending'));
      await swallow(
        outer.transactional(async (inner) => {
          await inner.flush();
          throw failing;
        }),
      );
    });
    const rows = await em.fork().findAll(Account);
    expect(rows.map(({ id }) => id)).toEqual(await delivered());
  });
});

describe('two units of work that update one aggregate', () => {
  const accounts = ['a', 'b', 'c'];
  const writers = 6;

  /** Resolves, once all have ended, with the reasons of those that failed. */
  async function updateSideBySide(em: EntityManager, append: typeof appendMessage): Promise<unknown[]> {
    for (const id of accounts) newAccount(em, id);
    await em.flush();
    const ends = await Promise.allSettled(
      Array.from({ length: writers }, (_, writer) =>
        updateRepeatedly(em.fork(), { accounts, writer, append }),
      ),
    );
    return ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
  }

  it('deliver its messages in commit order, without a deadlock, although MikroORM flushes inserts before updates', async () => {
    const failures = await updateSideBySide(await database.service({ poolSize: writers }), appendMessage);
    expect(failures).toEqual([]);
    const messages = await drain(await database.session({ rows: 7 }));
    for (const id of accounts) {
      const told = texts(messages.filter(({ key }) => key === id));
      expect(told.filter((text) => text === 'noted')).toHaveLength(30);
      const versions = told.filter((text) => text !== 'noted').map(Number);
      expect(versions).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
    }
  });

  it('planted fault: deadlock when the flush inserts the messages among the other rows', async () => {
    const em = await database.service({ poolSize: writers, subscribers: [], message: InsertedByTheFlush });
    const insertedByTheFlush: typeof appendMessage = (inner, message) => {
      const row = { id: randomUUID(), headers: {}, ...message, payload: Buffer.from(message.payload) };
      inner.persist(inner.create(InsertedByTheFlush, row));
      return row.id;
    };
    const failures = await updateSideBySide(em, insertedByTheFlush);
    expect(failures.map(String).join()).toMatch(/deadlock detected/);
  });
});

/**
 * 30 transactions. Half of them lock the account first and raise its version; the others insert an entry and let the
 * flush update the account, after its inserts. A message inserted among them would hold its key before the row here and
 * after the row there.
 */
async function updateRepeatedly(
  em: EntityManager,
  { accounts, writer, append }: { accounts: string[]; writer: number; append: typeof appendMessage },
): Promise<void> {
  for (let round = 0; round < 30; round++) {
    const id = accounts[(writer + round) % accounts.length] ?? '';
    await em.fork().transactional(async (inner) => {
      if (round % 2 === 0) {
        const account = await inner.findOneOrFail(Account, id, { lockMode: LockMode.PESSIMISTIC_WRITE });
        account.version++;
        append(inner, happened(String(account.version), id));
      } else {
        inner.getReference(Account, id).note = `writer ${writer}, round ${round}`;
        inner.persist(inner.create(Entry, { id: randomUUID(), account: id, version: round }));
        append(inner, happened('noted', id));
      }
    });
  }
}

describe('misuse is refused in words', () => {
  it('of a config without the subscriber', async () => {
    const orm = await MikroORM.init({ clientUrl: database.url, entities: [OutboxMessage] });
    expect(() => appendMessage(orm.em.fork(), happened('x'))).toThrow(/add it to `subscribers`/);
    await orm.close();
  });

  it('of a topic or a type without a name, and of a topic or a key that is longer than can be parked', async () => {
    const em = await database.service();
    const appending = (message: object) => () => appendMessage(em, { ...happened('x'), ...message });
    expect(appending({ topic: '' })).toThrow(/topic is empty/);
    expect(appending({ type: undefined })).toThrow(/type is no text/);
    expect(appending({ topic: 't'.repeat(250) })).toThrow(/topic has 250 characters/);
    expect(appending({ key: '열'.repeat(342) })).toThrow(/key has 1026 bytes/);
    expect(appending({ topic: 't'.repeat(249), key: 'k'.repeat(1024) })).not.toThrow();
  });

  it('of a transaction that the EntityManager did not begin, whose commit it would not see', async () => {
    const em = await database.service();
    const attempt = em.getConnection().transactional(async (transaction) => {
      const inner = em.fork();
      inner.setTransactionContext(transaction);
      newAccount(inner, 'a');
      appendMessage(inner, happened('never'));
      await inner.flush();
    });
    await expect(attempt).rejects.toThrow(/begun outside/);
    expect(await em.fork().count(Account)).toBe(0);
  });

  it('of a savepoint in such a transaction', async () => {
    const em = await database.service();
    const attempt = em.getConnection().transactional((ctx) =>
      em.transactional(
        (inner) => {
          newAccount(inner, 'a');
          appendMessage(inner, happened('never'));
          return Promise.resolve();
        },
        { ctx },
      ),
    );
    await expect(attempt).rejects.toThrow(/begun outside/);
    expect(await em.fork().count(Account)).toBe(0);
  });

  it('of a flush without a transaction, which could not be atomic', async () => {
    const em = await database.service({ implicitTransactions: false });
    appendMessage(em, happened('x'));
    await expect(em.flush()).rejects.toThrow(/without a transaction/);
    expect(await delivered()).toEqual([]);
  });
});

const swallow = (attempt: Promise<unknown>): Promise<void> =>
  attempt.then(
    () => undefined,
    () => undefined,
  );

/** The global propagator and context manager are off without a telemetry SDK; this turns on just what W3C needs. */
async function withW3cPropagation(work: () => Promise<void>): Promise<void> {
  const { AsyncLocalStorageContextManager } = await import('@opentelemetry/context-async-hooks');
  const { W3CTraceContextPropagator, W3CBaggagePropagator, CompositePropagator } =
    await import('@opentelemetry/core');
  const propagators = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()];
  propagation.setGlobalPropagator(new CompositePropagator({ propagators }));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  try {
    await work();
  } finally {
    context.disable();
    propagation.disable();
  }
}
