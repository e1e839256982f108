import { expect } from '@jest/globals';
import { eventually } from '@payments/testing';
import pg from 'pg';
import type { Cluster } from './cluster.fixture.ts';
import { sessionsSeen } from './relay-fleet.fixture.ts';

/** The outbox's trigger without the lock that holds a key to the commit. */
export const noKeyLock = `
create or replace function outbox.number_message() returns trigger language plpgsql as $$
begin
  new.seq := nextval('outbox.message_seq');
  new.lane := (outbox.key_hash(new.key) & 15)::smallint;
  new.xid := pg_current_xact_id();
  return new;
end $$`;

const lostIds = 500;

/**
 * Crashes PostgreSQL so that it gives transaction ids out again that were seen as finished before: the process that puts the log
 * on disk behind asynchronous commits is stopped, and what they did is lost. `seen` is awaited between them and the crash.
 */
export async function crashAndReuseIds({ postgres }: Cluster, seen: () => Promise<unknown>): Promise<void> {
  await withClient(postgres.url, async (client) => {
    const { rows } = await client.query<{ pid: number }>(
      `select pid from pg_stat_activity where backend_type = 'walwriter'`,
    );
    process.kill(rows[0]?.pid as number, 'SIGSTOP');
    await client.query('set synchronous_commit = off');
    for (let id = 0; id < lostIds; id++) await client.query('select pg_current_xact_id()');
  });
  await seen();
  const ahead = await nextId(postgres.url);
  await postgres.stop('immediate');
  await postgres.start();
  expect(ahead - (await nextId(postgres.url))).toBeGreaterThan(0.9 * lostIds);
}

/** Waits until the relay has asked PostgreSQL again, twice: what came before the first, it has seen. */
export async function untilRelayAsks(databaseUrl: string): Promise<void> {
  for (let times = 0; times < 2; times++) {
    const [before] = await sessionsSeen(databaseUrl);
    await eventually(async () => expect((await sessionsSeen(databaseUrl))[0]?.heard).not.toBe(before?.heard));
  }
}

const nextId = (url: string): Promise<number> =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ xmax: string }>(
      'select pg_snapshot_xmax(pg_current_snapshot())::text as xmax',
    );
    return Number(rows[0]?.xmax);
  });

/** Gives a connection to `work`, and ends it. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
