import { randomBytes } from 'node:crypto';
import { pollUntil } from '@payments/servers';
import type pg from 'pg';
import { currentTest, whenOutcomeIsKnown } from './keep-when-failed.ts';
import { createFromTemplate } from './template-database.ts';
import type { DatabaseTemplate } from './template-database.ts';
import { testServers } from './test-servers.ts';
import { withServer } from './with-server.ts';

/** A database of one spec. */
export interface ThrowAwayDatabase extends AsyncDisposable {
  url: string;
  name: string;
}

/**
 * Makes an empty database, or one that begins as `options.template` says, in the run's PostgreSQL (or in the server of `options.serverUrl`). It is dropped when its test or, made in
 * `beforeAll`, its file has passed; of a failed one it is kept, with a line that names it, as long as the server lives.
 *
 * Disposing of it fails when a connection to it is still open after `options.closedWithinMs` (default 20,000): the spec, or what
 * it tests, leaked one.
 */
export async function throwAwayDatabase(
  options: { serverUrl?: string; closedWithinMs?: number; template?: DatabaseTemplate } = {},
): Promise<ThrowAwayDatabase> {
  const { serverUrl = testServers().postgresUrl, closedWithinMs = 20_000 } = options;
  const name = `spec_${process.pid}_${randomBytes(5).toString('hex')}`;
  if (options.template) await createFromTemplate({ serverUrl, name, template: options.template });
  else await withServer(serverUrl, (server) => server.query(`create database ${name}`));
  const url = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
  const owner = currentTest();
  let disposed = false;
  return {
    url,
    name,
    [Symbol.asyncDispose]: async () => {
      if (disposed) return;
      disposed = true;
      await whenOutcomeIsKnown(owner, async ({ failed }) => {
        if (failed) console.log(`the failed spec's database is kept: ${url}`);
        else
          await withServer(serverUrl, (server) =>
            server.query(`drop database if exists ${name} with (force)`),
          );
      });
      await withServer(serverUrl, (server) => requireNoSessions(server, name, closedWithinMs));
    },
  };
}

interface Session {
  pid: number;
  application: string;
  state: string;
  query: string;
}

/** A backend outlives the end of its connection by some milliseconds, on a busy machine by seconds. One that leaked stays. */
async function requireNoSessions(server: pg.Client, database: string, timeoutMs: number): Promise<void> {
  const sessions = async () =>
    (
      await server.query<Session>(
        `select pid, application_name as application, coalesce(state, '') as state, left(query, 200) as query
           from pg_stat_activity where datname = $1 and backend_type = 'client backend'`,
        [database],
      )
    ).rows;
  const none = async () => ((await sessions()).length === 0 ? true : undefined);
  await pollUntil({ for: 'connections to end', timeoutMs }, none).catch(async () => {
    const left = await sessions();
    if (left.length > 0)
      throw new Error(`${left.length} connection(s) leaked:\n${left.map(describe).join('\n')}`);
  });
}

const describe = ({ pid, application, state, query }: Session) =>
  `  backend ${pid}${application && ` of ${application}`}, ${state}, last statement: ${query}`;
