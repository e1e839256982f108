import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@payments/testing';
import { texts } from '../outbox.fixture.ts';
import type { RelayMessage } from '../relay/read-messages.ts';
import { requestRelease } from './ask-owner.ts';
import { parkingDatabase, publish, refusing, round, rounds } from './parking.fixture.ts';

let database: Awaited<ReturnType<typeof parkingDatabase>>;
beforeEach(async () => {
  database = await parkingDatabase();
});
afterEach(() => database[Symbol.asyncDispose]());

/** Keys of one lane, in the order in which PostgreSQL sorts them. */
async function keysOfOneLane(count: number): Promise<string[]> {
  const { rows } = await database.writer.query<{ key: string }>(
    `select key from (select 'k' || i as key from generate_series(1, 20 * $1::integer + 200) as i
                       where outbox.key_hash('k' || i) & 15 = 3 order by i limit $1) as of_lane order by key`,
    [count],
  );
  return rows.map(({ key }) => key);
}

describe('a release of many keys', () => {
  it('lets nobody overtake a key that is in the middle, when one is parked that comes before it', async () => {
    const [first = '', second = ''] = await keysOfOneLane(2);
    const session = await database.session({ rows: 2 });
    const delivered: RelayMessage[] = [];
    /** The next batch of a kind, published; the other kind is too. */
    const next = (kind: string) =>
      eventually(async () => {
        const batch = await session.nextBatch();
        const { taken, refusals } = publish(batch, refusing('poison'));
        await session.acknowledge(batch, refusals);
        delivered.push(...taken.filter(({ key }) => key === second));
        expect(batch).toMatchObject({ kind, messages: { length: 2 } });
      });
    await database.append(second, ['poison', '2', '3', '4', '5']);
    await rounds(session, refusing('poison'));
    await database.writer.query(`update outbox.parked set payload = 'mended' where cause = 'MESSAGE'`);
    await requestRelease(database.writer, { all: true });
    await next('RELEASE');
    await database.append(first, ['poison', 'behind it']);
    await next('LOG');
    await next('RELEASE');
    await database.append(second, ['6', '7']);
    await eventually(async () => {
      delivered.push(...((await round(session, refusing('poison'))) ?? []));
      expect(delivered.filter(({ key }) => key === second).length).toBeGreaterThanOrEqual(7);
    });
    expect(texts(delivered.filter(({ key }) => key === second))).toEqual([
      'mended',
      '2',
      '3',
      '4',
      '5',
      '6',
      '7',
    ]);
  });

  it('takes no longer for each batch, however many are refused again', async () => {
    const keys = await keysOfOneLane(20_000);
    const session = await database.session({ rows: 1000 });
    await database.writer.query(
      `select outbox.append(array_fill('topic'::text, array[cardinality($1::text[])]), $1::text[], array_fill('T'::text, array[cardinality($1::text[])]),
                            array_fill('poison'::bytea, array[cardinality($1::text[])]), null, null)`,
      [keys],
    );
    await rounds(session, refusing('poison'));
    const [number = 0] = await requestRelease(database.writer, { all: true });
    const took: number[] = [];
    await eventually(
      async () => {
        const from = performance.now();
        const batch = await session.nextBatch();
        took.push(performance.now() - from);
        await session.acknowledge(batch, publish(batch, refusing('poison')).refusals);
        expect((await database.outcomes([number]))[0]).toMatchObject({
          outcome: expect.stringMatching(/^0 messages published; .* Likewise 19999 more\.$/) as unknown,
        });
      },
      { timeoutMs: 60_000 },
    );
    expect(Math.max(...took)).toBeLessThan(1000);
  }, 120_000);
});
