import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import { texts } from '../outbox.fixture.ts';
import type { RelayMessage } from '../relay/read-messages.ts';
import { requestRelease } from './ask-owner.ts';
import {
  parkingDatabase,
  refusing,
  round,
  rounds,
  takingAll,
  textsByKey,
  withoutTopic,
} from './parking.fixture.ts';

let database: Awaited<ReturnType<typeof parkingDatabase>>;
beforeEach(async () => {
  database = await parkingDatabase();
});
afterEach(() => database[Symbol.asyncDispose]());

const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);

/** One message for each of 40 keys, which lie in all lanes. */
const appendToAll = (text: string, topic: string) =>
  database.writer.query(
    `select outbox.append(array_fill($1::text, array[40]), $2::text[], array_fill('T'::text, array[40]), array_fill($3::bytea, array[40]), null, null)`,
    [topic, keys, Buffer.from(text)],
  );
const everyKey = (...inOrder: string[]) => Object.fromEntries(keys.map((key) => [key, inOrder]));

/** Rounds until nothing is parked any more; what was delivered, in order. */
async function untilReleased(
  session: Parameters<typeof rounds>[0],
  broker = takingAll,
): Promise<RelayMessage[]> {
  const delivered: RelayMessage[] = [];
  await eventually(async () => {
    delivered.push(...(await rounds(session, broker)));
    expect((await database.parked()).filter((line) => line.endsWith('PARKED'))).toEqual([]);
  });
  return delivered;
}

describe('a topic that takes nothing', () => {
  it('is parked as a whole after one refusal, and holds up no other topic', async () => {
    const session = await database.session({ rows: 10 });
    await appendToAll('lost', 'away');
    await appendToAll('here', 'topic');
    const asked: string[] = [];
    const delivered = await rounds(session, (message) => {
      if (message.topic !== 'away') return undefined;
      asked.push(message.key);
      return 'TOPIC';
    });
    expect(textsByKey(delivered)).toEqual(everyKey('here'));
    // The batch that showed it, of 10 messages at most, and no other.
    expect(asked.length).toBeLessThanOrEqual(10);
    expect(await database.parked()).toEqual(keys.map(() => 'lost TOPIC PARKED'));
  });

  it('is tried a second later, however many keys were refused together', async () => {
    const session = await database.session();
    await appendToAll('1', 'away');
    expect(await rounds(session, withoutTopic('away'))).toEqual([]);
    const tried = async () => expect((await session.nextBatch()).kind).toBe('RELEASE');
    await eventually(tried, { timeoutMs: 8000 });
  });

  it('is tried with one message now and then, and released by itself, in order, when it takes that', async () => {
    const session = await database.session({ rows: 10 }, { probeMaxMs: 20 });
    await appendToAll('1', 'away');
    await appendToAll('2', 'away');
    expect(await rounds(session, withoutTopic('away'))).toEqual([]);
    let tries = 0;
    await eventually(async () => {
      const batch = await session.nextBatch();
      if (batch.messages.length === 0) return expect(tries).toBeGreaterThan(2);
      expect(batch).toMatchObject({ kind: 'RELEASE', messages: { length: 1 } });
      tries += 1;
      const refusals = batch.messages.map((message) => ({
        message,
        cause: 'TOPIC' as const,
        code: 'NO',
        error: 'no',
      }));
      await session.acknowledge(batch, refusals);
      expect(tries).toBeGreaterThan(2);
    });
    await appendToAll('3', 'away');
    expect(textsByKey(await untilReleased(session))).toEqual(everyKey('1', '2', '3'));
    await appendToAll('4', 'away');
    expect(textsByKey(await rounds(session))).toEqual(everyKey('4'));
  });

  it('is free again in the end though new messages keep coming', async () => {
    const session = await database.session({ rows: 30 }, { probeMaxMs: 20 });
    await appendToAll('1', 'away');
    await rounds(session, withoutTopic('away'));
    const delivered: RelayMessage[] = [];
    let last = 1;
    let direct = false;
    while (!direct) {
      if (last < 60) await appendToAll(`${++last}`, 'away');
      const batch = await session.nextBatch();
      // Nothing follows any more, and what comes goes straight to Kafka.
      direct = batch.kind === 'LOG' && batch.messages.length === 30;
      delivered.push(...batch.messages);
      await session.acknowledge(batch);
    }
    expect(last).toBeLessThan(60);
    delivered.push(...(await untilReleased(session)));
    expect(textsByKey(delivered)).toEqual(
      everyKey(...Array.from({ length: last }, (_, index) => `${index + 1}`)),
    );
  });

  it('is tried by the next relay, too', async () => {
    await using first = await database.session();
    await appendToAll('1', 'away');
    await rounds(first, withoutTopic('away'));
    await first[Symbol.asyncDispose]();
    await appendToAll('2', 'away');
    expect(textsByKey(await untilReleased(await database.session()))).toEqual(everyKey('1', '2'));
  });

  it('keeps a key that is refused for itself when it is released, with what follows', async () => {
    const session = await database.session({}, { probeMaxMs: 20 });
    for (const text of ['a1', 'poison', 'a3']) await database.append('a', [text], 'away');
    await database.append('b', ['b1'], 'away');
    await rounds(session, withoutTopic('away'));
    const delivered: RelayMessage[] = [];
    await eventually(async () => {
      delivered.push(...(await rounds(session, refusing('poison'))));
      expect(textsByKey(delivered)).toEqual({ a: ['a1'], b: ['b1'] });
    });
    expect((await database.parked()).slice(1, 3)).toEqual(['poison MESSAGE PARKED', 'a3 FOLLOWS PARKED']);
    await database.append('a', ['a4'], 'away');
    await requestRelease(database.writer, { key: 'a' });
    expect(texts(await untilReleased(session))).toEqual(['poison', 'a3', 'a4']);
  });

  it('takes over a key whose release it refuses, and releases it by itself', async () => {
    const session = await database.session({}, { probeMaxMs: 20 });
    await database.append('a', ['poison', 'a2']);
    await rounds(session, refusing('poison'));
    const numbers = await requestRelease(database.writer, { key: 'a' });
    await eventually(async () => {
      await round(session, withoutTopic('topic'));
      expect((await database.outcomes(numbers))[0]?.outcome).toMatch(/topic "topic" cannot be written to/);
    });
    expect(await database.parked()).toEqual(['poison TOPIC PARKED', 'a2 TOPIC PARKED']);
    await database.append('a', ['a3']);
    expect(texts(await untilReleased(session))).toEqual(['poison', 'a2', 'a3']);
  });
});
