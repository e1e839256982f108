import { migrateOutbox } from '@payments/outbox';
import pg from 'pg';

/**
 * Makes the outbox, by the migrations of its library, and the one table of this example beside it: they have to be in one
 * database, for one transaction writes both.
 */
export async function createTables(databaseUrl: string): Promise<void> {
  await migrateOutbox({ databaseUrl });
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('create schema if not exists rooms');
    await client.query(
      'create table if not exists rooms.booking (room text, day date, guest text not null, primary key (room, day))',
    );
  } finally {
    await client.end();
  }
}
