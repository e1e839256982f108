import { expect } from '@jest/globals';
import { migrateOutbox } from '@payments/outbox';
import { eventually } from '@payments/testing';
import pg from 'pg';
import { ask } from './relay-fleet.fixture.ts';
import { historyTables } from './write-history.ts';

/** Makes the outbox and the tables of the history, with these keys. */
export async function prepareDatabase(databaseUrl: string, keys: readonly string[]): Promise<void> {
  await migrateOutbox({ databaseUrl });
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(historyTables);
  await client.query('insert into history.key_version (key) select unnest($1::text[])', [keys]);
  await client.end();
}

/** Waits until the outbox says that everything is published; whether that is true is for the checker to find out. */
export async function untilPublished(databaseUrl: string): Promise<void> {
  const waiting = `select count(*)::integer as messages from outbox.message_status where status = 'INIT'`;
  await eventually(
    async () => {
      const [left] = await ask<{ messages: number }>(databaseUrl, waiting);
      expect(left?.messages).toBe(0);
    },
    { timeoutMs: 180_000, everyMs: 200, for: 'every message to be published' },
  );
}
