import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startPostgres, type RunningPostgres } from '@payments/testing';
import pg from 'pg';
import { openRelaySession, type RelaySession } from '../relay/relay-session.ts';

/** Servers, connections and sessions of one spec, which end with it in reverse. */
export async function clusters() {
  const resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'outbox-adopt-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  // A server writes the rows into it, which may run as a user of its own.
  await chmod(folder, 0o755);
  const rows = join(folder, 'rows');
  await mkdir(rows);
  await chmod(rows, 0o777);

  const start = async (name: string): Promise<RunningPostgres> =>
    resources.use(await startPostgres({ dataDir: join(folder, name), settings: { fsync: 'off' } }));
  const connect = async (url: string): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    resources.defer(() => client.end());
    return client;
  };
  const session = async (url: string, limit = 1000): Promise<RelaySession> =>
    resources.use(
      await openRelaySession({
        databaseUrl: url,
        limits: { rows: limit, bytes: 4 * 1024 * 1024 },
      }),
    );
  /** Copies the files of a server that has stopped. */
  const copyFiles = async (from: string, to: string): Promise<void> => {
    await promisify(execFile)('cp', ['-a', join(folder, from), join(folder, to)]);
  };
  return {
    start,
    connect,
    session,
    copyFiles,
    copyRows: (from: pg.Client, to: pg.Client) => copyRows(from, to, rows),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** In the order that the README asks for: the checkpoints last. */
const tables = ['message', 'parked', 'request', 'checkpoint'];

/** Copies the rows of a log as the README says, out of one snapshot, and past the trigger that would number them anew. */
async function copyRows(from: pg.Client, to: pg.Client, folder: string): Promise<void> {
  await from.query('begin isolation level repeatable read');
  for (const table of tables)
    await from.query(`copy (select * from outbox.${table}) to '${join(folder, table)}'`);
  await from.query('commit');
  await to.query('begin; set local session_replication_role = replica; truncate outbox.checkpoint');
  for (const table of tables) await to.query(`copy outbox.${table} from '${join(folder, table)}'`);
  await to.query('commit');
}

/** Uses up transaction ids, so that those of one cluster lie ahead of the other's. */
export async function burnIds(client: pg.Client, count: number): Promise<void> {
  await client.query(
    `do $$ begin for i in 1..${count} loop perform pg_current_xact_id(); commit; end loop; end $$`,
  );
}
