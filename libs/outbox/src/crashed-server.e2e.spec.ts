import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { startPostgres } from '@payments/testing';
import pg from 'pg';
import { migrateOutbox } from './migrations/migrate-outbox.ts';
import { append, drain, texts } from './outbox.fixture.ts';
import { openRelaySession } from './relay/relay-session.ts';

const quiet = { autovacuum: 'off' };
const lostIds = 500;

it('a server that crashes and gives transaction ids out again loses no message of them', async () => {
  await using cleanup = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'outbox-crash-'));
  cleanup.defer(() => rm(dataDir, { recursive: true, force: true }));
  const postgres = cleanup.use(await startPostgres({ dataDir, settings: quiet }));
  await migrateOutbox({ databaseUrl: postgres.url });
  const limits = { rows: 100, bytes: 1_000_000 };
  const openSession = () => openRelaySession({ databaseUrl: postgres.url, limits });
  const session = cleanup.use(await openSession());

  await withClient(postgres.url, async (client) => {
    await append(client, 'k', 'before');
    await stopWalWriter(client);
    await client.query('set synchronous_commit = off');
    for (let id = 0; id < lostIds; id++) await client.query('select pg_current_xact_id()');
  });
  // The session has now seen as finished what the crash undoes: its snapshots are ahead of the server that comes back.
  expect(texts(await drain(session))).toEqual(['before']);
  const ahead = await nextId(postgres.url);
  await postgres.stop('immediate');
  await postgres.start();
  expect(ahead - (await nextId(postgres.url))).toBeGreaterThan(0.9 * lostIds);

  await withClient(postgres.url, (client) => append(client, 'k', 'after'));
  await using next = await openSession();
  expect(texts(await drain(next)).at(-1)).toBe('after');
});

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * Stops, as by SIGSTOP, the process that puts the log on disk behind asynchronous commits: what they did is then lost in
 * the crash. Made slow by its settings, it is still woken now and then, and one id of 500 was lost.
 */
async function stopWalWriter(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ pid: number }>(
    `select pid from pg_stat_activity where backend_type = 'walwriter'`,
  );
  process.kill(rows[0]?.pid as number, 'SIGSTOP');
}

/** Behind the last transaction id that this server has seen the end of. */
const nextId = (url: string): Promise<number> =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ xmax: string }>(
      'select pg_snapshot_xmax(pg_current_snapshot())::text as xmax',
    );
    return Number(rows[0]?.xmax);
  });
