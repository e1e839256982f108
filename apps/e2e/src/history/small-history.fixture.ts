import { openRelaySession } from '@payments/outbox';
import type { NewTopic } from '@payments/servers';
import { throwAwayDatabase } from '@payments/testing';
import pg from 'pg';
import { checkHistory, type Broken } from './check-history.ts';
import type { Cluster } from './cluster.fixture.ts';
import { toKafka } from './planted-readers.fixture.ts';
import type { KafkaMessage } from '@payments/kafka';
import type { PlannedWrite } from './plan-writes.ts';
import { prepareDatabase, untilPublished } from './prepare-history.fixture.ts';
import { readCommitted, readDelivered } from './read-history.fixture.ts';
import { ask, startFleet } from './relay-fleet.fixture.ts';
import { writeTransaction, type Hold } from './write-history.ts';

/** A history of a few transactions, written on purpose, in a database and a topic of its own. */
export interface SmallHistory extends AsyncDisposable {
  databaseUrl: string;
  topic: string;
  /** Runs a transaction that appends a message for each key, one after the other; `hold` after the first. */
  write: (keys: readonly string[], hold?: () => Promise<unknown>) => Promise<void>;
  /** What is waiting in the outbox, for a producer to send. */
  waiting: () => Promise<KafkaMessage[]>;
  /** Publishes with the product's own relay, started for it. */
  relay: () => Promise<void>;
  /** Which promises are broken, as the checker finds. */
  broken: () => Promise<Broken[]>;
}

/** The keys of small histories: of two partitions, by Kafka's test vectors of murmur2, "foobar" belongs to 0 and "abc" to 1. */
const keys = ['foobar', 'abc', 'another'];

/** Starts a small history on the servers of `cluster`. */
export async function smallHistory(cluster: Cluster, wanted: NewTopic): Promise<SmallHistory> {
  const { kafka, postgres } = cluster;
  const { topic } = wanted;
  const database = await throwAwayDatabase({ serverUrl: postgres.url });
  const databaseUrl = database.url;
  await Promise.all([prepareDatabase(databaseUrl, keys), kafka.createTopic(wanted)]);
  return {
    databaseUrl,
    topic,
    write: (written, hold) => write(databaseUrl, plan(topic, written), hold),
    waiting: () => readWaiting(databaseUrl),
    relay: async () => {
      await using fleet = await startFleet({
        count: 1,
        databaseUrl,
        env: { KAFKA_BROKERS: kafka.brokers.join(',') },
      });
      await untilPublished(databaseUrl);
      await fleet.stop();
    },
    broken: async () => {
      const committed = await readCommitted(databaseUrl);
      return checkHistory(committed, await readDelivered(kafka, [topic])).map(({ broken }) => broken);
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

const plan = (topic: string, written: readonly string[]): PlannedWrite => ({
  kind: 'message first',
  steps: written.map((key) => ({ key, topic, messages: 1, padding: 0, savepoint: 'none' })),
  form: 'call',
  holdMs: 0,
  end: 'commit',
});

async function write(databaseUrl: string, planned: PlannedWrite, atHold?: () => Promise<unknown>) {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'writer' });
  await client.connect();
  let holds = 0;
  const hold: Hold = async () => {
    if (holds++ === 0) await atHold?.();
  };
  await writeTransaction(client, planned, hold).finally(() => client.end());
}

async function readWaiting(databaseUrl: string): Promise<KafkaMessage[]> {
  const limits = { rows: 1000, bytes: 1_000_000 };
  await using session = await openRelaySession({ databaseUrl, limits });
  return (await session.nextBatch()).messages.map(toKafka);
}

/** Whether a writer waits for a lock. */
export async function writerWaits(databaseUrl: string): Promise<boolean> {
  const waiting = await ask(
    databaseUrl,
    `select pid from pg_stat_activity
      where datname = current_database() and application_name = 'writer' and wait_event_type = 'Lock'`,
  );
  return waiting.length > 0;
}
