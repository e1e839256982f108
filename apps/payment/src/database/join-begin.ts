import type { Client, Pool } from './release-dead-clients.ts';

const begins = /^(begin|start transaction)\b/;

/** What pg answers to BEGIN, as far as Kysely looks. */
const begun = { command: 'BEGIN', rowCount: null, rows: [] };

/**
 * Sends the BEGIN of a transaction together with its first statement, which every transaction of this service has: one way to the
 * server and back less.
 *
 * Both are one simple query: where the first fails the server does not look at the second, so nothing is ever done outside of
 * the transaction that was asked for. A statement with parameters takes the other protocol: BEGIN is answered before it is sent.
 */
export const joinBegin = (pool: Pool): void => {
  const held = new WeakMap<Client, string>();
  // Nothing is left of whoever had the connection before.
  pool.on('acquire', (client) => held.delete(client));
  pool.on('connect', (client) => {
    const query = client.query.bind(client);
    client.query = (...args) => {
      const [text, values] = args;
      if (typeof text === 'string' && begins.test(text)) {
        held.set(client, text);
        return Promise.resolve(begun);
      }
      const begin = held.get(client);
      held.delete(client);
      if (begin === undefined) return query(...args);
      const isSimple = typeof text === 'string' && !(Array.isArray(values) && values.length > 0);
      if (isSimple) return answerOf(query(`${begin}; ${text}`)).then((all) => (all as unknown[]).at(-1));
      return answerOf(query(begin)).then(() => query(...args));
    };
  });
};

const answerOf = (sent: unknown): Promise<unknown> => Promise.resolve(sent);
