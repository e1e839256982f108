import { randomBytes } from 'node:crypto';
import { mkdtemp, chmod, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateOutbox } from '@payments/outbox';
import { startKafka, startPostgres } from '@payments/servers';
import type { RunningKafka, RunningPostgres } from '@payments/servers';
import pg from 'pg';

/** The servers that everything is measured on. They are of this run alone, and go with it. */
export interface Ground extends AsyncDisposable {
  /** A folder for logs and files; it is removed at the end. */
  folder: string;
  postgres: RunningPostgres;
  kafka: RunningKafka;
  /** Makes a database with an empty outbox. */
  database: () => Promise<BenchDatabase>;
  /** Makes a topic of 12 partitions, and returns its name. */
  topic: () => Promise<string>;
}

/** A database of one system; disposing drops it. */
export interface BenchDatabase extends AsyncDisposable {
  url: string;
  /** A connection of the superuser, for whoever fills it and looks at it. */
  client: pg.Client;
  /** Another one; whoever asks for it ends it. */
  connect: () => Promise<pg.Client>;
}

/**
 * PostgreSQL's own defaults (`fsync` and `synchronous_commit` are on), but for these: with `wal_level = logical` Debezium can read it,
 * which costs a log that is only appended to next to nothing, and with more WAL between two checkpoints these do not fall into
 * some rounds and not into others.
 */
export const postgresSettings = { wal_level: 'logical', max_wal_size: '8GB', checkpoint_timeout: '30min' };

/** Boots PostgreSQL and Kafka in a temporary folder. */
export async function openGround(options: { log: (line: string) => void }): Promise<Ground> {
  const { log } = options;
  await using opening = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'payments-bench-'));
  opening.defer(() => rm(folder, { recursive: true, force: true }));
  // PostgreSQL runs as somebody else where we are root.
  await chmod(folder, 0o755);
  const postgres = opening.use(
    await startPostgres({ dataDir: join(folder, 'postgres'), settings: postgresSettings, log }),
  );
  const kafka = opening.use(await startKafka({ dataDir: join(folder, 'kafka'), log }));
  const open = opening.move();
  return {
    folder,
    postgres,
    kafka,
    database: () => makeDatabase(postgres.url),
    topic: async () => {
      const topic = `bench-${randomBytes(4).toString('hex')}`;
      await kafka.createTopic({ topic, partitions: 12 });
      return topic;
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

async function makeDatabase(serverUrl: string): Promise<BenchDatabase> {
  const name = `bench_${randomBytes(4).toString('hex')}`;
  await onServer(serverUrl, `create database ${name}`);
  const url = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
  await migrateOutbox({ databaseUrl: url });
  const client = await connect(url);
  return {
    url,
    client,
    connect: () => connect(url),
    [Symbol.asyncDispose]: async () => {
      await client.end();
      await onServer(serverUrl, `drop database ${name} with (force)`);
    },
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  // The next query tells.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = await connect(url);
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
