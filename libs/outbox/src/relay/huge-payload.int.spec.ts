import { expect, it } from '@jest/globals';
import { append, outboxDatabase } from '../outbox.fixture.ts';
import { largestPayloadRead } from './payload-read.ts';

it('a payload that no string of JavaScript holds as text does not end the relay, and is parked as it is', async () => {
  await using database = await outboxDatabase();
  const writer = await database.connect();
  const bytes = 300 * 1024 * 1024;
  await writer.query(
    `select outbox.append('topic', 'huge', 'Happened', decode(repeat('ab', ${bytes}), 'hex'))`,
  );
  await append(writer, 'other', 'small');
  const session = await database.session();
  const batch = await session.nextBatch();
  const huge = batch.messages.filter(({ key }) => key === 'huge');
  expect(huge.map(({ payload }) => payload.byteLength)).toEqual([largestPayloadRead]);
  await session.acknowledge(
    batch,
    huge.map((message) => ({ message, cause: 'MESSAGE', code: 'MESSAGE_TOO_LARGE', error: 'too large' })),
  );
  const { rows } = await writer.query('select octet_length(payload) as bytes from outbox.parked');
  expect(rows).toEqual([{ bytes }]);
}, 120_000);

it('payloads of more than 2 GiB together are read, as many at once as the limit allows', async () => {
  await using database = await outboxDatabase();
  const writer = await database.connect();
  const [count, bytes] = [90, 25 * 1024 * 1024];
  await writer.query(`create table one as select decode(repeat('ab', ${bytes}), 'hex') as payload`);
  await writer.query(
    `insert into outbox.message (topic, key, type, payload)
     select 'topic', 'k', 'Happened', payload from one, generate_series(1, ${count})`,
  );
  const session = await database.session();
  const batch = await session.nextBatch();
  expect(batch).toMatchObject({ messages: [{ payload: { byteLength: bytes } }], full: true });
}, 120_000);
