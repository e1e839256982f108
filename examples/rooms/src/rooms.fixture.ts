import { randomUUID } from 'node:crypto';
import { messages$, type ConsumedMessage } from '@payments/kafka';
import { eventually, testServers, throwAwayDatabase } from '@payments/testing';
import pg from 'pg';
import { lastValueFrom, tap } from 'rxjs';
import { openMikroOrmDesk } from './book-with-mikro-orm.ts';
import { openPgDesk } from './book-with-pg.ts';
import { topics } from './booking.ts';
import { createTables } from './create-tables.ts';

/** The two ways of this example, to be specified as one. */
export const ways = { 'mikro-orm': openMikroOrmDesk, pg: openPgDesk };

/** A throw-away database with the outbox and the rooms in it, and connections that end with it. */
export async function roomsDatabase() {
  const resources = new AsyncDisposableStack();
  const { url } = resources.use(await throwAwayDatabase());
  await createTables(url);
  const onlooker = new pg.Client({ connectionString: url });
  await onlooker.connect();
  resources.defer(() => onlooker.end());

  const texts = async (select: string): Promise<string[]> => {
    const { rows } = await onlooker.query<{ text: string }>(select);
    return rows.map(({ text }) => text);
  };
  return {
    url,
    onlooker,
    desk: async (way: keyof typeof ways) => resources.use(await ways[way](url)),
    bookings: () => texts(`select concat_ws(' ', room, day, guest) as text from rooms.booking order by 1`),
    messages: () => texts(`select concat_ws(' ', topic, key, type) as text from outbox.message order by seq`),
    /** How many transactions others have left open: an outbox that is read between snapshots has to reckon with each. */
    openTransactions: async (): Promise<number> => {
      const open = await onlooker.query(
        `select from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`,
      );
      return open.rowCount ?? 0;
    },
    /** Waits until the relay has nothing more to do: the messages are in Kafka, and so are their topics. */
    published: () =>
      eventually(
        async () => {
          const waiting = await texts(
            `select id::text as text from outbox.message_status where status = 'INIT'`,
          );
          if (waiting.length > 0) throw new Error(`${waiting.length} messages are not published`);
        },
        { timeoutMs: 60_000 },
      ),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** What Kafka has for these keys, each partition's in order, without repeats; ends when there are `count`. */
export async function readFirsts(keys: ReadonlySet<string>, count: number): Promise<ConsumedMessage[]> {
  const stop = new AbortController();
  const firsts = new Map<string | undefined, ConsumedMessage>();
  const message$ = messages$({
    kafka: { brokers: testServers().kafkaBrokers, clientId: 'spec' },
    groupId: `spec-${randomUUID()}`,
    topics: Object.values(topics),
    signal: stop.signal,
  }).pipe(
    tap((message) => {
      const { ce_id: id } = message.headers;
      if (keys.has(message.key) && !firsts.has(id)) firsts.set(id, message);
      message.ack();
      if (firsts.size >= count) stop.abort();
    }),
  );
  await lastValueFrom(message$, { defaultValue: null });
  return [...firsts.values()];
}
