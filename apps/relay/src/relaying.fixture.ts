import { randomUUID } from 'node:crypto';

import { messages$, openProducer } from '@payments/kafka';
import type { ConsumedMessage, Producer } from '@payments/kafka';
import { migrateOutbox } from '@payments/outbox';
import { eventually, testServers, throwAwayDatabase } from '@payments/testing';
import pg from 'pg';
import { lastValueFrom, tap } from 'rxjs';

import { readRelayConfig } from './config.ts';
import { followReadiness } from './follow-readiness.ts';
import type { Part } from './follow-readiness.ts';
import type { RelayParts } from './relay-parts.ts';
import { runRelay } from './run-relay.ts';

/** A message to append: its key and its text, and what its writer puts into the headers. */
export type NewMessage = { key: string; text: string; headers?: Record<string, string> };

/** A relay that runs in this process, from its own database to the run's Kafka. */
export async function relaying() {
  const resources = new AsyncDisposableStack();
  const template = { name: 'outbox', prepare: (databaseUrl: string) => migrateOutbox({ databaseUrl }) };
  const { url } = resources.use(await throwAwayDatabase({ template }));
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  resources.defer(() => client.end());
  const { kafkaBrokers } = testServers();

  /** Appends in one transaction, in order. */
  const append = async (topic: string, messages: readonly NewMessage[]): Promise<void> => {
    await client.query(
      `select outbox.append(array_fill($1::text, array[cardinality($2::text[])]), $2::text[],
         array_fill('Happened'::text, array[cardinality($2::text[])]), $3::bytea[], $4::jsonb[], null)`,
      [
        topic,
        messages.map(({ key }) => key),
        messages.map(({ text }) => Buffer.from(text)),
        messages.map(({ headers = {} }) => JSON.stringify(headers)),
      ],
    );
  };

  const start = (
    env: Record<string, string> = {},
    wrap = (producer: Producer): Producer => producer,
    more: Pick<RelayParts, 'roundBoundMs'> = {},
  ) => {
    const config = readRelayConfig({
      DATABASE_URL: url,
      KAFKA_BROKERS: kafkaBrokers.join(),
      RELAY_BACKOFF_MAX_MS: '300',
      ...env,
    });
    const running = startRelay(config, wrap(openProducer({ kafka: config.kafka })), more);
    resources.defer(running.stop);
    return running;
  };

  /** Cuts the relay's connection, from the server's side, and waits until its backend has gone. @returns how many there were */
  const cutRelay = async (): Promise<number> => {
    const { rowCount } = await client.query(
      `select pg_terminate_backend(pid, 30000) from pg_stat_activity
        where application_name = 'outbox relay' and datname = current_database()`,
    );
    return rowCount ?? 0;
  };

  const from = (topic: string) => ({ brokers: kafkaBrokers, topic });
  const read = (topic: string, count: number) => readMessages({ ...from(topic), enough: { inAll: count } });
  const readFirsts = async (topic: string, count: number) =>
    firstDeliveries(await readMessages({ ...from(topic), enough: { different: count } }));
  return {
    url,
    client,
    append,
    start,
    cutRelay,
    read,
    readFirsts,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function startRelay(
  config: ReturnType<typeof readRelayConfig>,
  producer: Producer,
  more: Pick<RelayParts, 'roundBoundMs'>,
) {
  const stop = new AbortController();
  const lines: string[] = [];
  const missing = new Map<string, string>();
  const log = {
    info: (first: unknown, message?: string) => void lines.push(message ?? String(first)),
    warn: (fields: object, message?: string) => void lines.push(`${message}: ${JSON.stringify(fields)}`),
  };
  const health = {
    ready: (part: string) => void missing.delete(part),
    notReady: (part: string, reason: string) => void missing.set(part, reason),
  };
  let published = 0;
  const relay$ = runRelay({
    config,
    producer,
    readiness: followReadiness({ health, log }),
    log,
    kafkaLog: () => undefined,
    stop: stop.signal,
    ...more,
  });
  const ended = lastValueFrom(relay$.pipe(tap((round) => (published += round.published))), {
    defaultValue: null,
  });
  ended.catch(() => undefined);
  return {
    lines,
    published: () => published,
    /** Why the relay is not ready, by part. */
    missing: (): Partial<Record<Part, string>> => Object.fromEntries(missing),
    ready: () => eventually(() => lines.includes('ready') || Promise.reject(new Error(lines.join('\n')))),
    ended,
    stop: async () => {
      stop.abort();
      await ended;
      await producer[Symbol.asyncDispose]();
    },
  };
}

/** The messages of a topic, each partition's in order, until there are enough. */
async function readMessages(options: {
  brokers: string[];
  topic: string;
  /** So many in all, or so many different ones. */
  enough: { inAll: number } | { different: number };
}): Promise<ConsumedMessage[]> {
  const { brokers, topic, enough } = options;
  const stop = new AbortController();
  const read: ConsumedMessage[] = [];
  const ids = new Set<string | undefined>();
  const isEnough = () => ('inAll' in enough ? read.length >= enough.inAll : ids.size >= enough.different);
  const message$ = messages$({
    kafka: { brokers, clientId: 'spec' },
    groupId: `spec-${randomUUID()}`,
    topics: [topic],
    signal: stop.signal,
  });
  const reading$ = message$.pipe(
    tap((message) => {
      message.ack();
      read.push(message);
      ids.add(message.headers['ce_id']);
      if (isEnough()) stop.abort();
    }),
  );
  await lastValueFrom(reading$, { defaultValue: null });
  return read;
}

/** Without the repetitions, which have the id of the first delivery. */
function firstDeliveries(messages: readonly ConsumedMessage[]): ConsumedMessage[] {
  const ids = new Set<string | undefined>();
  return messages.filter(({ headers: { ce_id: id } }) => !ids.has(id) && ids.add(id));
}

/** The texts of each key, in the order of delivery. */
export function textsByKey(messages: readonly ConsumedMessage[]): Record<string, string[]> {
  const texts: Record<string, string[]> = {};
  for (const { key, value } of messages) (texts[key] ??= []).push(value.toString());
  return texts;
}
