import type pg from 'pg';
import { openConnection } from '../connection.ts';
import { OutboxError, outboxError } from '../errors.ts';
import { serverVersion, tooOld, type ServerVersion } from '../server-version.ts';

/**
 * Settings of a relay's session. The time-outs end the session of a relay that is frozen or whose host is gone, each in
 * another state of it (idle, inside a transaction, in the middle of a large read), for it holds the locks of its lanes.
 * A lost checkpoint repeats messages and never loses one, so it need not wait for the disk. The plans are chosen by rule.
 */
const sessionSettings = {
  idle_session_timeout: '10s',
  idle_in_transaction_session_timeout: '10s',
  transaction_timeout: '10s',
  tcp_user_timeout: '10s',
  tcp_keepalives_idle: '3',
  tcp_keepalives_interval: '2',
  tcp_keepalives_count: '3',
  synchronous_commit: 'off',
  // Whatever the database's default is: an emptying has to see what came before its lock, and refuses any other.
  default_transaction_isolation: 'read committed',
  max_parallel_workers_per_gather: '0',
  enable_seqscan: 'off',
  // An index that yields the order is read in it: a sort, or a bitmap and a sort, would read all of a large window first.
  enable_bitmapscan: 'off',
  enable_sort: 'off',
  jit: 'off',
  // Planning a read of 16 partitions anew takes 2 ms, running it 0.9 ms; its plan does not depend on the parameters.
  plan_cache_mode: 'force_generic_plan',
  search_path: 'pg_catalog',
};

/** What a relay's session calls itself in pg_stat_activity. */
export const relayName = 'outbox relay';

/**
 * A connection fit for a relay: straight to a primary server.
 * @throws {OutboxError} DATABASE_UNAVAILABLE, or SERVER_UNSUITABLE for a pooler, a replica or an old server.
 */
export async function connectRelay(databaseUrl: string): Promise<pg.Client> {
  try {
    return await openConnection({ databaseUrl, name: relayName }, async (client) => {
      await refuseUnsuitable(client);
      for (const [name, value] of Object.entries(sessionSettings)) {
        await client.query('select set_config($1, $2, false)', [name, value]);
      }
    });
  } catch (thrown) {
    throw outboxError(thrown);
  }
}

const serverFacts = `
select pg_backend_pid() as pid, pg_is_in_recovery() as replica, ${serverVersion}`;

/** Asks the server what it is. */
export async function readServerFacts(client: pg.Client): Promise<ServerFacts | undefined> {
  const { rows } = await client.query<ServerFacts>(serverFacts);
  return rows[0];
}

async function refuseUnsuitable(client: pg.Client): Promise<void> {
  const server = await readServerFacts(client);
  const reason = server && unsuitable(server, backendPid(client));
  if (reason) throw new OutboxError('SERVER_UNSUITABLE', reason);
}

/** The process id that the server, or what stands before it, announced; @types/pg does not know it. */
export const backendPid = (client: pg.Client): number =>
  (client as pg.Client & { processID?: number }).processID ?? 0;

/** What a server tells of itself. */
export interface ServerFacts extends ServerVersion {
  pid: number;
  replica: boolean;
}

/** Why a relay cannot work with this server, or undefined. `announcedPid`: the process id the connection began with. */
export function unsuitable(server: ServerFacts, announcedPid: unknown): string | undefined {
  const old = tooOld(server);
  if (old) return old;
  if (server.replica) return 'This PostgreSQL is a replica: give the relay the URL of the primary.';
  if (server.pid !== announcedPid) {
    return 'There is a connection pooler before this PostgreSQL: give the relay a direct URL, since its locks live in one session.';
  }
  return undefined;
}
