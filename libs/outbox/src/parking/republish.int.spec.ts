import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import { texts } from '../outbox.fixture.ts';
import type { RelayMessage } from '../relay/read-messages.ts';
import { requestRelease, requestRepublish } from './ask-owner.ts';
import { parkingDatabase, refusing, rounds, takingAll, textsByKey } from './parking.fixture.ts';

let database: Awaited<ReturnType<typeof parkingDatabase>>;
beforeEach(async () => {
  database = await parkingDatabase();
});
afterEach(() => database[Symbol.asyncDispose]());

const always = new Date(0);

/** Rounds until the requests are finished; what was delivered, in order. */
async function untilFinished(
  session: Parameters<typeof rounds>[0],
  numbers: number[],
  broker = takingAll,
): Promise<RelayMessage[]> {
  const delivered: RelayMessage[] = [];
  await eventually(async () => {
    delivered.push(...(await rounds(session, broker)));
    expect((await database.outcomes(numbers)).filter(({ finishedAt }) => !finishedAt)).toEqual([]);
  });
  return delivered;
}

describe('publishing again', () => {
  it('brings what is published once more, each key in order, with the same ids', async () => {
    const session = await database.session({ rows: 3 });
    await database.append('a', ['a1', 'a2', 'a3', 'a4']);
    await database.append('b', ['b1', 'b2']);
    const first = await rounds(session);
    const numbers = await requestRepublish(database.writer, { since: always });
    const again = await untilFinished(session, numbers);
    expect(textsByKey(again)).toEqual({ a: ['a1', 'a2', 'a3', 'a4'], b: ['b1', 'b2'] });
    expect(new Set(again.map(({ id }) => id))).toEqual(new Set(first.map(({ id }) => id)));
    const counts = (await database.outcomes(numbers)).map(({ count }) => count);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(6);
    expect(await rounds(session)).toEqual([]);
  });

  it('can be bounded to a key, and to a time', async () => {
    const session = await database.session();
    await database.append('a', ['a1']);
    await database.append('b', ['b1']);
    const { rows } = await database.writer.query<{ now: Date }>(
      `select pg_sleep(0.01), clock_timestamp() as now`,
    );
    await database.append('a', ['a2', 'a3']);
    await rounds(session);
    const since = rows[0]?.now ?? always;
    expect(texts(await untilFinished(session, await requestRepublish(database.writer, { since })))).toEqual([
      'a2',
      'a3',
    ]);
    const ofKey = await requestRepublish(database.writer, { since: always, key: 'b' });
    expect(ofKey).toHaveLength(1);
    expect(texts(await untilFinished(session, ofKey))).toEqual(['b1']);
  });

  it('ends with the latest message of each key, though new ones are published meanwhile', async () => {
    const session = await database.session({ rows: 2 });
    await database.append('a', ['a1', 'a2', 'a3', 'a4', 'a5']);
    await rounds(session);
    const numbers = await requestRepublish(database.writer, { since: always, key: 'a' });
    const delivered: RelayMessage[] = [];
    let next = 6;
    await eventually(async () => {
      if (next <= 9) await database.append('a', [`a${next++}`]);
      const batch = await session.nextBatch();
      delivered.push(...batch.messages);
      await session.acknowledge(batch);
      expect((await database.outcomes(numbers))[0]?.finishedAt).toBeTruthy();
    });
    delivered.push(...(await rounds(session)));
    const order = texts(delivered);
    // Something new came in between: else this would show nothing.
    expect(order.indexOf('a6')).toBeLessThan(order.lastIndexOf('a3'));
    expect(order.at(-1)).toBe('a9');
    const firsts = order.filter((text, index) => order.indexOf(text) === index);
    expect(firsts.filter((text) => Number(text.slice(1)) > 5)).toEqual(['a6', 'a7', 'a8', 'a9']);
  });

  it('goes on where the relay before stopped', async () => {
    await using first = await database.session({ rows: 2 });
    await database.append('a', ['a1', 'a2', 'a3', 'a4', 'a5']);
    await rounds(first);
    const numbers = await requestRepublish(database.writer, { since: always, key: 'a' });
    const batch = await eventually(async () => {
      const batch = await first.nextBatch();
      expect(batch.kind).toBe('REPUBLISH');
      return batch;
    });
    await first.acknowledge(batch);
    await first[Symbol.asyncDispose]();
    expect(await database.outcomes(numbers)).toMatchObject([{ count: 2, finishedAt: null }]);
    expect(texts(await untilFinished(await database.session(), numbers))).toEqual(['a3', 'a4', 'a5']);
    expect(await database.outcomes(numbers)).toMatchObject([
      { count: 5, outcome: '5 messages published again.' },
    ]);
  });

  it('leaves out what is parked, and brings what was released', async () => {
    const session = await database.session();
    await database.append('a', ['a1', 'poison', 'a3']);
    await database.append('b', ['poison', 'b2']);
    await rounds(session, refusing('poison'));
    const released = await requestRelease(database.writer, { key: 'b' });
    await untilFinished(session, released);
    const again = await untilFinished(session, await requestRepublish(database.writer, { since: always }));
    expect(textsByKey(again)).toEqual({ a: ['a1'], b: ['poison', 'b2'] });
  });

  it('leaves out what was read ahead and is not published yet', async () => {
    const session = await database.session({ rows: 2 });
    await database.append('a', ['a1', 'a2']);
    const { rows } = await database.writer.query<{ now: Date }>(
      `select pg_sleep(0.01), clock_timestamp() as now`,
    );
    await database.append('a', ['a3', 'a4', 'a5', 'a6']);
    await session.acknowledge(await session.nextBatch());
    // Nothing of that time is published, and two of it are read ahead.
    const numbers = await requestRepublish(database.writer, { since: rows[0]?.now ?? always, key: 'a' });
    const published = new Set<string>();
    const again: string[] = [];
    await eventually(async () => {
      const batch = await session.nextBatch();
      const sent = texts(batch.messages);
      if (batch.kind === 'LOG') for (const text of sent) published.add(text);
      else again.push(...sent.map((text) => (published.has(text) ? text : `${text} too early`)));
      await session.acknowledge(batch);
      expect((await database.outcomes(numbers))[0]?.finishedAt).toBeTruthy();
    });
    expect(again.filter((text) => text.endsWith('early'))).toEqual([]);
    expect([...published, ...texts(await rounds(session))]).toEqual(['a3', 'a4', 'a5', 'a6']);
  });

  it('says what was refused, parks nothing, and goes on', async () => {
    const session = await database.session();
    await database.append('a', ['a1', 'now poison', 'a3']);
    await database.append('b', ['b1']);
    await rounds(session);
    const numbers = await requestRepublish(database.writer, { since: always });
    const again = await untilFinished(session, numbers, refusing('now poison'));
    expect(textsByKey(again)).toEqual({ a: ['a1'], b: ['b1'] });
    expect(await database.parked()).toEqual([]);
    const said = (await database.outcomes(numbers)).map(({ outcome }) => outcome).join('\n');
    expect(said).toContain(`not message ${await database.idOf('now poison')} of key "a", which was refused`);
  });
});
