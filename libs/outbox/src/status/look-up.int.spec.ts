import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { append, drain, outboxDatabase } from '../outbox.fixture.ts';
import { connectForStatus } from './connect.ts';
import { findMessage } from './find-message.ts';
import { listMessages } from './list-messages.ts';
import { readParkedGroups } from './read-parked-groups.ts';
import { appendKeys, park, statusesByView } from './status.fixture.ts';

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

/** One message of each status, and 30 published ones of 30 keys. */
async function oneOfEach(): Promise<void> {
  await appendKeys(
    writer,
    Array.from({ length: 30 }, (_, n) => `key-${n}`),
  );
  for (const key of ['parked', 'discarded', 'released']) await append(writer, key, key);
  await drain(await database.session());
  await park(writer, { key: 'parked', cause: 'MESSAGE' });
  await park(writer, { key: 'discarded', cause: 'MESSAGE', state: 'DISCARDED' });
  await park(writer, { key: 'released', cause: 'MESSAGE', state: 'PUBLISHED' });
  await append(writer, 'waiting', 'waiting');
}

describe('a list', () => {
  it('has the newest messages first, with the status that the view gives them', async () => {
    await oneOfEach();
    const { messages, complete } = await listMessages(client, { limit: 1000 });
    expect(messages.map(({ seq, status }) => ({ seq, status }))).toEqual(await statusesByView(client));
    expect(complete).toBe(true);
    expect(new Set(messages.map(({ status }) => status)).size).toBe(4);
    const few = await listMessages(client, { limit: 3 });
    expect(few.messages).toEqual(messages.slice(0, 3));
  });

  it('has those of a status, a topic or a key alone', async () => {
    await oneOfEach();
    const keys = async (filter: Partial<Parameters<typeof listMessages>[1]>) =>
      (await listMessages(client, { limit: 40, ...filter })).messages.map(({ key }) => key);
    expect(await keys({ status: 'INIT' })).toEqual(['waiting']);
    expect(await keys({ status: 'PARKED' })).toEqual(['parked']);
    expect(await keys({ status: 'DISCARDED' })).toEqual(['discarded']);
    expect(await keys({ status: 'PUBLISHED' })).toHaveLength(31);
    expect(await keys({ key: 'key-7' })).toEqual(['key-7']);
    expect(await keys({ key: 'key-7', status: 'INIT' })).toEqual([]);
    expect(await keys({ topic: 'topic' })).toHaveLength(34);
    expect(await keys({ topic: 'other' })).toEqual([]);
  });

  it('has those of a lane whose checkpoints were removed, too', async () => {
    await append(writer, 'k', 'x');
    await writer.query('delete from outbox.checkpoint');
    expect(await listMessages(client, { limit: 5 })).toMatchObject({
      messages: [{ key: 'k', status: 'INIT' }],
    });
  });

  it('says when it has not looked at the whole log', async () => {
    await appendKeys(writer, ['first', ...Array.from({ length: 5001 }, () => 'a')]);
    const lane = (await listMessages(client, { limit: 1 })).messages[0]?.lane;
    await drain(await database.session());
    const none = await listMessages(client, { topic: 'other', limit: 5 });
    expect(lane).toBeDefined();
    expect(none).toEqual({ messages: [], complete: false });
    expect(await listMessages(client, { key: 'first', limit: 5 })).toMatchObject({ complete: true });
  });
});

describe('looking a message up', () => {
  it('finds nothing where there is nothing', async () => {
    expect(await findMessage(client, '3f2b8c1e-5d0a-4b6f-9c7e-1a2b3c4d5e6f')).toEqual([]);
  });

  it('tells all of it, and when it was published, as the view does', async () => {
    await append(writer, 'k', 'the payload');
    const { rows } = await writer.query<{ id: string }>('select id from outbox.message');
    const id = rows[0]?.id ?? '';
    expect(await findMessage(client, id)).toMatchObject([
      { status: 'INIT', publishedAt: null, parked: null },
    ]);
    await drain(await database.session());
    const [found] = await findMessage(client, id);
    expect(found).toMatchObject({
      id,
      topic: 'topic',
      key: 'k',
      type: 'Happened',
      seq: '1',
      status: 'PUBLISHED',
    });
    expect(found?.payload.toString()).toBe('the payload');
    const view = await writer.query<{ published_at: Date }>('select published_at from outbox.message_status');
    expect(found?.publishedAt).toEqual(view.rows[0]?.published_at);
    expect(found?.publishedAt).not.toBeNull();
  });

  it('finds every row of an id, in the order of the log, and a parked one whose slot has been emptied', async () => {
    const id = '3f2b8c1e-5d0a-4b6f-9c7e-1a2b3c4d5e6f';
    const insert = `insert into outbox.message (id, topic, key, type, payload) values ($1, 'topic', 'k', 'Happened', $2)`;
    for (const payload of ['one', 'two']) await writer.query(insert, [id, Buffer.from(payload)]);
    await drain(await database.session());
    const payloads = async () => (await findMessage(client, id)).map(({ payload }) => payload.toString());
    expect(await payloads()).toEqual(['one', 'two']);
    await park(writer, { key: 'k', cause: 'MESSAGE' });
    await writer.query('truncate outbox.message');
    expect(await payloads()).toEqual(['one', 'two']);
    expect(await findMessage(client, id)).toMatchObject([
      { status: 'PARKED', publishedAt: null, parked: { cause: 'MESSAGE', error: 'it is too large' } },
      { status: 'PARKED' },
    ]);
  });
});

describe('what is parked', () => {
  it('is told by key, and a parked topic as one, with the first message and its error', async () => {
    await appendKeys(writer, ['a', 'a', 'b']);
    await park(writer, { key: 'a', cause: 'MESSAGE' });
    await park(writer, { key: 'b', cause: 'TOPIC' });
    await park(writer, { key: 'nothing of it', cause: 'MESSAGE' });
    const parked = await readParkedGroups(client, 10);
    expect(parked).toMatchObject({ keys: 1, topics: 1, messages: 3, more: false });
    const [first] = (await listMessages(client, { key: 'a', limit: 9 })).messages.slice(-1);
    expect(parked.groups).toMatchObject([
      { topic: 'topic', key: null, messages: 1 },
      {
        topic: 'topic',
        key: 'a',
        messages: 2,
        firstId: first?.id,
        cause: 'MESSAGE',
        code: 'MESSAGE_TOO_LARGE',
      },
    ]);
    expect(await readParkedGroups(client, 1)).toMatchObject({
      keys: 1,
      topics: 1,
      messages: 3,
      groups: [{ key: null }],
    });
  });
});
