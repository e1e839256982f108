/** The part of pg's `Client` that is needed here. */
export type Client = {
  on(event: 'error', listener: (error: Error) => void): unknown;
  query: (...args: unknown[]) => unknown;
  release?: (error?: Error) => void;
};

/** The part of pg's `Pool` that is needed here. */
export type Pool = {
  on(event: 'connect' | 'acquire' | 'remove', listener: (client: Client) => void): unknown;
} & {
  on(event: 'release', listener: (error: unknown, client: Client) => void): unknown;
};

/** pg gives the error of its `query_timeout` no code. */
const unanswered = /^Query read timeout/;

/**
 * Gives a connection that dies inside a transaction, or goes silent, back to its pool, which ends it.
 *
 * Kysely 0.29, below MikroORM, releases the connection of a transaction only after a COMMIT or ROLLBACK that worked. On
 * a dead connection neither works: the pool keeps counting it, and after as many such deaths as the pool has places
 * every further call waits for ever. `transaction_timeout` ends connections by design, so this does happen.
 *
 * After its `query_timeout` pg fails the statement and nothing else: the client still waits for the answer, a ROLLBACK
 * waits behind it, and the pool would hand the client out again. So it is ended like one that died.
 */
export const releaseDeadClients = (pool: Pool): void => {
  const takenOut = new WeakSet<Client>();
  const end = (client: Client, error: Error) => {
    if (!takenOut.has(client)) return;
    client.release?.(error);
    // Outside of transactions Kysely does release it, and pg-pool throws at a second release.
    client.release = () => undefined;
  };
  pool.on('acquire', (client) => takenOut.add(client));
  pool.on('release', (_error, client) => takenOut.delete(client));
  pool.on('connect', (client) => {
    client.on('error', (error) => end(client, error));
    onUnanswered(client, (error) => end(client, error));
  });
};

const onUnanswered = (client: Client, listener: (error: Error) => void): void => {
  const query = client.query.bind(client);
  client.query = (...args) => {
    const result = query(...args);
    Promise.resolve(result).catch((error: Error) => {
      if (unanswered.test(error.message)) listener(error);
    });
    return result;
  };
};
