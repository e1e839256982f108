/** The part of pg's `Client` that is needed here. */
type Client = {
  on(event: 'error', listener: (error: Error) => void): unknown;
  release?: (error?: Error) => void;
};

/** The part of pg's `Pool` that is needed here. */
type Pool = { on(event: 'connect' | 'acquire' | 'remove', listener: (client: Client) => void): unknown } & {
  on(event: 'release', listener: (error: unknown, client: Client) => void): unknown;
};

/**
 * Gives a connection that dies inside a transaction back to its pool.
 *
 * Kysely 0.29, below MikroORM, releases the connection of a transaction only after a COMMIT or ROLLBACK that worked. On
 * a dead connection neither works: the pool keeps counting it, and after as many such deaths as the pool has places
 * every further call waits for ever. `transaction_timeout` ends connections by design, so this does happen.
 */
export const releaseDeadClients = (pool: Pool): void => {
  const takenOut = new WeakSet<Client>();
  pool.on('acquire', (client) => takenOut.add(client));
  pool.on('release', (_error, client) => takenOut.delete(client));
  pool.on('connect', (client) =>
    client.on('error', (error) => {
      if (!takenOut.has(client)) return;
      client.release?.(error);
      // Outside of transactions Kysely does release it, and pg-pool throws at a second release.
      client.release = () => undefined;
    }),
  );
};
