import {
  MikroORM,
  defineEntity,
  p,
  type EntityManager,
  type EntitySchema,
  type EventSubscriber,
} from '@mikro-orm/postgresql';
import { expect } from '@jest/globals';
import { eventually, throwAwayDatabase } from '@payments/testing';
import pg from 'pg';
import { joinCommit } from './append/join-commit.ts';
import { OutboxMessage } from './append/outbox-message.ts';
import { outboxSubscriber } from './append/outbox-subscriber.ts';
import { migrateOutbox } from './migrations/migrate-outbox.ts';
import { backendPid } from './relay/connect.ts';
import { openRelaySession, type RelaySession, type RelaySessionOptions } from './relay/relay-session.ts';
import type { BatchLimits, RelayMessage } from './relay/read-messages.ts';

/** An aggregate with a version, as any service has them. */
export const Account = defineEntity({
  name: 'Account',
  tableName: 'account',
  properties: { id: p.string().primary(), version: p.integer(), note: p.string().nullable() },
});

/** What belongs to an aggregate and is inserted beside its update. */
export const Entry = defineEntity({
  name: 'Entry',
  tableName: 'entry',
  properties: { id: p.uuid().primary(), account: p.string(), version: p.integer() },
});

const template = { name: 'outbox', prepare: (databaseUrl: string) => migrateOutbox({ databaseUrl }) };

/** A throw-away database with the outbox in it, and connections that end with it. */
export async function outboxDatabase() {
  const resources = new AsyncDisposableStack();
  const { url } = resources.use(await throwAwayDatabase({ template }));

  /** One more connection: a writer, or an onlooker. */
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    resources.defer(() => client.end());
    return client;
  };

  /** A service with MikroORM and two tables of its own. */
  const service = async (
    options: {
      poolSize?: number;
      /** How long to wait for a connection, in milliseconds; without end when not given. */
      connectTimeoutMs?: number;
      implicitTransactions?: boolean;
      subscribers?: EventSubscriber[];
      /** The entity that stands for messages. */
      message?: EntitySchema;
      /** Whether messages go with their COMMIT; not when not given. */
      isJoined?: boolean;
    } = {},
  ): Promise<EntityManager> => {
    const { poolSize = 10, implicitTransactions = true, subscribers = [outboxSubscriber] } = options;
    const orm = await MikroORM.init({
      clientUrl: url,
      entities: [options.message ?? OutboxMessage, Account, Entry],
      subscribers,
      pool: { min: 0, max: poolSize },
      driverOptions: {
        connectionTimeoutMillis: options.connectTimeoutMs ?? 0,
        ...(options.isJoined && { onPoolCreated: joinCommit }),
      },
      implicitTransactions,
    });
    resources.defer(() => orm.close());
    await orm.em.execute(
      'create table if not exists account (id text primary key, version integer not null, note text)',
    );
    await orm.em.execute(
      'create table if not exists entry (id uuid primary key, account text not null, version integer not null)',
    );
    return orm.em.fork();
  };

  const session = async (
    limits: Partial<BatchLimits> = {},
    options: Pick<RelaySessionOptions, 'probeMaxMs' | 'checkpointEveryMs'> = {},
  ): Promise<RelaySession> => {
    const opened = await openRelaySession({
      databaseUrl: url,
      limits: { rows: 1000, bytes: 4 * 1024 * 1024, ...limits },
      ...options,
    });
    resources.use(opened);
    return opened;
  };

  return { url, connect, service, session, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** Publishes all that waits, as a relay would; returns it in order of delivery. */
export async function drain(session: RelaySession): Promise<RelayMessage[]> {
  const delivered: RelayMessage[] = [];
  for (;;) {
    const batch = await session.nextBatch();
    if (batch.messages.length + batch.followers === 0 && !batch.full) return delivered;
    delivered.push(...batch.messages);
    await session.acknowledge(batch);
  }
}

/** Payloads as text, in order. */
export const texts = (messages: readonly { payload: Buffer }[]): string[] =>
  messages.map(({ payload }) => payload.toString());

/** Appends one message with plain SQL. */
export async function append(client: pg.ClientBase, key: string, text: string): Promise<void> {
  await client.query(`select outbox.append('topic', $1, 'Happened', $2::bytea)`, [key, Buffer.from(text)]);
}

/** Appends `count` messages in one call; `key` and `payload` are SQL over their number `i`, from 1 on. */
export const appendMany = (
  client: pg.ClientBase,
  count: number,
  key = `'k' || i`,
  payload = 'i::text::bytea',
) =>
  client.query(
    `select outbox.append(array_agg('t'::text), array_agg((${key})::text), array_agg('T'::text), array_agg(${payload}),
                          array_agg(null::jsonb), array_agg(null::uuid)) from generate_series(1, $1::integer) as i`,
    [count],
  );

/** The signal that somebody waits for a lock: PostgreSQL says so to the `onlooker`. */
export async function waitsForALock(onlooker: pg.ClientBase, waiting: pg.Client): Promise<void> {
  await eventually(async () => {
    const text = 'select 1 from pg_locks where pid = $1 and not granted';
    expect((await onlooker.query(text, [backendPid(waiting)])).rows).toHaveLength(1);
  });
}
