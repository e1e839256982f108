import { expect, it } from '@jest/globals';
import type { Producer } from '@payments/kafka';
import { eventually, throwAwayTopic } from '@payments/testing';
import pg from 'pg';

import { relaying } from './relaying.fixture.ts';

it('after the loss of a session in the middle of a checkpoint, goes on from the one before, without a gap', async () => {
  await using made = await throwAwayTopic('spec', { partitions: 1 });
  await using outbox = await relaying();
  const texts = Array.from('abcdefghij');
  await outbox.append(
    made.topic,
    texts.map((text) => ({ key: 'r-1', text })),
  );
  const holder = new pg.Client({ connectionString: outbox.url });
  await holder.connect();
  const sent: string[] = [];
  /** From the second batch on no checkpoint can be written. */
  const holding = (producer: Producer): Producer => ({
    ...producer,
    send: async (messages, signal) => {
      if (sent.length === 1) await holder.query('begin; lock table outbox.checkpoint in exclusive mode');
      await producer.send(messages, signal);
      sent.push(messages.map(({ value }) => String(value)).join(''));
    },
  });
  outbox.start({ RELAY_BATCH_SIZE: '2' }, holding);
  await eventually(async () => {
    const waiting = `select from pg_locks where not granted and relation = 'outbox.checkpoint'::regclass
      and database = (select oid from pg_database where datname = current_database())`;
    expect((await outbox.client.query(waiting)).rowCount).toBe(1);
  });
  expect(await outbox.cutRelay()).toBe(1);
  await holder.end();
  await eventually(() => expect(sent.at(-1)).toBe('ij'));
  // One batch may have gone beyond the checkpoint that was lost.
  expect(['ab cd', 'ab cd ef']).toContain(sent.slice(0, -4).join(' '));
  expect(sent.slice(-4).join(' ')).toBe('cd ef gh ij');
  const read = await outbox.read(made.topic, 2 * sent.length);
  expect(read.map(({ value }) => value.toString()).join('')).toBe(sent.join(''));
});

it('where checkpoints are refused, sends the batch again after pauses that grow, and once they are not goes on', async () => {
  await using made = await throwAwayTopic('spec', { partitions: 1 });
  await using outbox = await relaying();
  await outbox.client.query(`
    create function refuse() returns trigger language plpgsql as $$ begin raise 'disk full' using errcode = '53100'; end $$;
    create trigger refuse before insert on outbox.checkpoint for each row execute function refuse()`);
  await outbox.append(made.topic, [{ key: 'r-1', text: 'a' }]);
  const relay = outbox.start({ RELAY_BACKOFF_MAX_MS: '2000' });
  const attempts = () => relay.lines.filter((line) => line.startsWith('postgres failed'));
  await eventually(() => expect(attempts().length).toBeGreaterThanOrEqual(3));
  attempts().forEach((line, index) => {
    expect(line).toContain(`"attempt":${index + 1},`);
    expect(line).toContain('disk full');
  });
  await outbox.client.query('drop trigger refuse on outbox.checkpoint');
  await outbox.append(made.topic, [{ key: 'r-1', text: 'b' }]);
  const read = await outbox.readFirsts(made.topic, 2);
  expect(read.map(({ value }) => value.toString())).toEqual(['a', 'b']);
});
