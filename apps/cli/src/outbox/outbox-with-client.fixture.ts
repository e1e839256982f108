import { migrateOutbox } from '@payments/outbox';
import { throwAwayDatabase } from '@payments/testing';
import pg from 'pg';

/** A throw-away database with an outbox, and a connection to it. */
export async function outboxWithClient() {
  const resources = new AsyncDisposableStack();
  const { url } = resources.use(await throwAwayDatabase());
  await migrateOutbox({ databaseUrl: url });
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    resources.defer(() => client.end());
    return client;
  };
  const client = await connect();

  /** Appends a message and returns its id. */
  const append = async (key: string, payload: string | Buffer = 'x'): Promise<string> => {
    const { rows } = await client.query<{ id: string }>(
      `select outbox.append('order', $1, 'Placed', $2::bytea) as id`,
      [key, Buffer.from(payload)],
    );
    return rows[0]?.id ?? '';
  };

  /** Parks a key's messages, as the owner of its lane does. */
  const park = (key: string) =>
    client.query(
      `insert into outbox.parked (seq, lane, id, topic, key, type, payload, headers, created_at, cause, code, error)
       select seq, lane, id, topic, key, type, payload, headers, created_at, 'MESSAGE', 'MESSAGE_TOO_LARGE', 'it is too large'
         from outbox.message where key = $1`,
      [key],
    );

  /** Holds the locks of all lanes (their class is in libs/outbox/src/advisory-locks.ts), and does nothing else. */
  const ownLanes = async (): Promise<pg.Client> => {
    const owner = await connect();
    await owner.query('select pg_advisory_lock(1329747970, lane) from generate_series(0, 15) as lane');
    return owner;
  };

  return { url, client, append, park, ownLanes, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
