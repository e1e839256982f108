import { eventually, startService, tcpProxy, type RunningService, type TcpProxy } from '@payments/testing';
import pg from 'pg';

/** A relay process with a way of its own to PostgreSQL. */
export interface Relay {
  /** Its `application_name`, another one after each start. */
  name: string;
  service: RunningService;
  database: TcpProxy;
}

/** The relays of a run. */
export interface RelayFleet extends AsyncDisposable {
  relays: readonly Relay[];
  /** Starts a relay again that was killed. */
  restart: (relay: Relay) => Promise<void>;
  /** Tells the relays to stop and waits until they have. @throws Error when one has ended by itself before. */
  stop: () => Promise<void>;
}

/** Starts `count` relays side by side. */
export async function startFleet(options: {
  count: number;
  databaseUrl: string;
  env: Readonly<Record<string, string>>;
}): Promise<RelayFleet> {
  await using cleanup = new AsyncDisposableStack();
  let owned = cleanup;
  const start = async (name: string, { port }: TcpProxy): Promise<RunningService> => {
    const url = new URL(options.databaseUrl);
    url.port = `${port}`;
    url.searchParams.set('application_name', name);
    const service = await startService({ app: 'relay', env: { ...options.env, DATABASE_URL: url.href } });
    owned.use(service);
    return service;
  };
  const { host } = new URL(options.databaseUrl);
  const relays = await Promise.all(
    Array.from({ length: options.count }, async (_, index) => {
      const database = cleanup.use(await tcpProxy({ target: host }));
      const name = `relay-${index + 1}`;
      return { name, database, service: await start(name, database) };
    }),
  );
  await Promise.all(relays.map(({ service }) => service.ready()));
  const running = (owned = cleanup.move());
  return {
    relays,
    restart: async (relay) => {
      const name = `${relay.name}'`;
      Object.assign(relay, { name, service: await start(name, relay.database) });
    },
    stop: async () => {
      for (const { name, service } of relays) {
        const how = await Promise.race([service.ended, Promise.resolve('running')]);
        if (how !== 'running') throw new Error(`${name} has ended by itself: ${how}`);
      }
      await Promise.all(relays.map(({ service }) => service[Symbol.asyncDispose]()));
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** What PostgreSQL sees of a relay's session. */
export interface SeenSession {
  pid: number;
  name: string;
  /** How many advisory locks it has: lanes, above all. */
  locks: number;
  /** When it was last heard of. */
  heard: string;
}

/** The relays' sessions as PostgreSQL sees them, the one with the most locks first. Waits while there is no server. */
export function sessionsSeen(databaseUrl: string): Promise<SeenSession[]> {
  return ask<SeenSession>(
    databaseUrl,
    `select pid, application_name as name, state_change::text as heard,
            (select count(*)::integer from pg_locks
              where pg_locks.pid = activity.pid and locktype = 'advisory' and granted) as locks
       from pg_stat_activity as activity
      where datname = current_database() and application_name like 'relay%'
      order by locks desc`,
  );
}

/** Asks PostgreSQL on a connection made for it; waits while there is no server. */
export function ask<Row extends pg.QueryResultRow>(databaseUrl: string, question: string): Promise<Row[]> {
  return eventually(
    async () => {
      const client = new pg.Client({ connectionString: databaseUrl, application_name: 'onlooker' });
      client.on('error', () => undefined);
      try {
        await client.connect();
        return (await client.query<Row>(question)).rows;
      } finally {
        await client.end().catch(() => undefined);
      }
    },
    { timeoutMs: 120_000, everyMs: 100, for: 'an answer of PostgreSQL' },
  );
}
