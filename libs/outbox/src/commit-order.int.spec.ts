import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import {
  compareWithHistory,
  historyTables,
  plantedFaults,
  writeHistory,
  type Violations,
} from './commit-order.fixture.ts';
import { drain, outboxDatabase } from './outbox.fixture.ts';
import type { RelayMessage } from './relay/read-messages.ts';

let database: Awaited<ReturnType<typeof outboxDatabase>>;
let onlooker: pg.Client;
beforeEach(async () => {
  database = await outboxDatabase();
  onlooker = await database.connect();
  await onlooker.query(historyTables);
});
afterEach(() => database[Symbol.asyncDispose]());

const keys = 5;
const writers = 6;

/** Writers and a relay side by side; the relay reads in small batches and is replaced by a new one again and again. */
async function run(seed: number): Promise<{ delivered: RelayMessage[]; violations: Violations }> {
  await onlooker.query(
    `insert into key_version select 'key-' || i from generate_series(0, ${keys - 1}) as i`,
  );
  const connections = await Promise.all(Array.from({ length: writers }, () => database.connect()));
  let writing = true;
  const written = Promise.all(
    connections.map((writer, number) =>
      writeHistory(writer, { seed: seed * 100 + number, transactions: 40, keys }),
    ),
  ).finally(() => (writing = false));
  const delivered = await relayWhile(() => writing);
  await written;
  delivered.push(...(await drain(await database.session({ rows: 3 }))));
  return { delivered, violations: await compareWithHistory(onlooker, delivered) };
}

async function relayWhile(writing: () => boolean): Promise<RelayMessage[]> {
  const delivered: RelayMessage[] = [];
  while (writing()) {
    const session = await database.session({ rows: 3 });
    for (let round = 0; round < 20 && writing(); round++) {
      const batch = await session.nextBatch();
      delivered.push(...batch.messages);
      await session.acknowledge(batch);
    }
    await session[Symbol.asyncDispose]();
  }
  return delivered;
}

const none: Violations = { lost: [], ghosts: [], repeated: [], reversed: [] };

describe('concurrent writers with rollbacks, savepoints and dawdling commits, read in small batches by changing relays', () => {
  it.each([1, 2, 3])(
    'lose nothing, invent nothing, and keep the commit order of every key (seed %i)',
    async (seed) => {
      const { delivered, violations } = await run(seed);
      expect(violations).toEqual(none);
      expect(delivered.length).toBeGreaterThan(200);
    },
  );

  it('are seen to reverse events when the key is not locked to the commit', async () => {
    await onlooker.query(plantedFaults.noKeyLock);
    const { violations } = await run(1);
    expect(violations.reversed).not.toEqual([]);
  });
});
