import type { Socket } from 'node:net';
import pg from 'pg';

/** A connection of the outbox's own. Times are in milliseconds. */
export interface ConnectionOptions {
  databaseUrl: string;
  /** Shown in pg_stat_activity. */
  name: string;
  /** How long it may take to be made. Default 10,000. */
  connectTimeoutMs?: number;
  /**
   * How long a statement may take to be answered. Default 15,000. A server that has gone silent, behind a proxy or a cut
   * network, would otherwise be waited for without end; one that lives gives up earlier, by its own time-outs.
   */
  answerTimeoutMs?: number | undefined;
}

/** How long, in milliseconds, a statement may take to be answered unless something else is said. */
export const defaultAnswerMs = 15_000;

/** Connects; ends the connection again when `prepare`, which comes with it, fails. Throws what pg throws. */
export async function openConnection(
  options: ConnectionOptions,
  prepare: (client: pg.Client) => Promise<void> = () => Promise.resolve(),
): Promise<pg.Client> {
  const { databaseUrl, name, connectTimeoutMs = 10_000, answerTimeoutMs = defaultAnswerMs } = options;
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: name,
    keepAlive: true,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: answerTimeoutMs,
  });
  // A server that goes away between two statements also fails the next one, which reports it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await prepare(client);
    return client;
  } catch (thrown) {
    await endConnection(client);
    throw thrown;
  }
}

/** How long the server may take to say goodbye. */
const farewellMs = 2000;

/** Ends a connection. A peer that has gone silent never answers the farewell: its socket is destroyed after 2 s. Never throws. */
export async function endConnection(client: pg.Client): Promise<void> {
  const { stream } = (client as pg.Client & { connection: { stream: Socket } }).connection;
  const impatience = setTimeout(() => stream.destroy(), farewellMs);
  await client.end().catch(() => undefined);
  clearTimeout(impatience);
}
