import { readFile, readdir } from 'node:fs/promises';
import { migrateOutbox, openWaker } from '@payments/outbox';
import { eventually, startService, testServers, throwAwayDatabase, throwAwayTopic } from '@payments/testing';
import { expect } from '@jest/globals';
import pg from 'pg';

/** What draining a backlog cost. */
export interface Drained {
  /** From the first batch's end to the last one's. */
  messagesPerSecond: number;
  /** Processor time of the relay's process, in microseconds. */
  cpuPerMessage: number;
  /** That of its one thread of JavaScript, which bounds what it can publish; the compiler and the collector have others beside it. */
  mainPerMessage: number;
}

/** A relay in a process of its own, under the preload, with a log and a topic of its own. */
export interface DrainedRelay extends AsyncDisposable {
  topic: string;
  /** `host:port` of its health endpoints. */
  http: string;
  /** Appends so many messages in one transaction, and waits until the relay has published them. */
  drain: (messages: number) => Promise<Drained>;
}

/** Starts a relay that publishes a log of which `sampledPercent` of the rows belong to traces that are kept. */
export async function drainedRelay(options: {
  sampledPercent: number;
  env: Record<string, string>;
}): Promise<DrainedRelay> {
  await using starting = new AsyncDisposableStack();
  const template = { name: 'outbox', prepare: (databaseUrl: string) => migrateOutbox({ databaseUrl }) };
  const { url } = starting.use(await throwAwayDatabase({ template }));
  const { topic } = starting.use(await throwAwayTopic('drained'));
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  starting.defer(() => client.end());
  const waker = starting.use(await openWaker({ databaseUrl: url }));
  const servers = { DATABASE_URL: url, KAFKA_BROKERS: testServers().kafkaBrokers.join() };
  // It begins when it is woken, and not before all of the backlog is there.
  const env = { ...servers, RELAY_POLL_MS: '3600000', ...options.env };
  const relay = starting.use(await startService({ app: 'relay', env }));
  await relay.ready();
  const running = starting.move();
  return {
    topic,
    http: relay.http,
    drain: async (messages) => {
      const before = await checkpoints(client, 0);
      await append(client, { topic, messages, sampledPercent: options.sampledPercent });
      const cpuBefore = await cpuOf(relay.pid);
      waker.wake();
      const end = await eventually(
        async () => {
          const now = await checkpoints(client, before.last);
          expect(now.published).toBe(messages);
          return now;
        },
        { timeoutMs: 120_000, everyMs: 50 },
      );
      const cpu = await cpuOf(relay.pid);
      return {
        messagesPerSecond: (messages - end.first) / end.seconds,
        cpuPerMessage: (cpu.all - cpuBefore.all) / messages,
        mainPerMessage: (cpu.main - cpuBefore.main) / messages,
      };
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Rows as those of a payment: as many headers, as large a payload, keys that come again. */
async function append(
  client: pg.Client,
  { topic, messages, sampledPercent }: { topic: string; messages: number; sampledPercent: number },
): Promise<void> {
  await client.query(
    `select outbox.append(array_agg($1::text), array_agg('r-' || n % 2000), array_agg('payment.v1.PaymentCompleted'::text),
              array_agg(convert_to(repeat('payment', 20), 'UTF8')),
              array_agg(jsonb_build_object('ce_source', '/payments/payment', 'ce_subject', md5(n::text),
                'content-type', 'application/protobuf', 'traceparent',
                format('00-%s-%s-%s', md5(n::text), left(md5('span' || n), 16),
                       case when n % 100 < $3::integer then '01' else '00' end))), null)
       from generate_series(1, $2::integer) as n`,
    [topic, messages, sampledPercent],
  );
}

/** The checkpoints after number `after`: how many messages they tell of, in all and in the first batch, and within what time. */
async function checkpoints(client: pg.Client, after: number) {
  const { rows } = await client.query<{ last: number; published: number; first: number; seconds: number }>(
    `select coalesce(max(number), $1::bigint)::double precision as last, coalesce(sum(count), 0)::double precision as published,
            coalesce(sum(count) filter (where published_at < begun + interval '1 ms'), 0)::double precision as first,
            coalesce(extract(epoch from max(published_at) - min(published_at)), 0)::double precision as seconds
       from (select *, min(published_at) over () as begun from outbox.checkpoint where number > $1 and count > 0) as one`,
    [after],
  );
  return rows[0] ?? { last: after, published: 0, first: 0, seconds: 0 };
}

/** The processor time of a process so far, of all its threads and of the first one, in microseconds, as Linux's scheduler counts it. */
async function cpuOf(pid: number): Promise<{ all: number; main: number }> {
  const timeOf = async (thread: string) => {
    const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0');
    return Number(text.split(' ')[0]) / 1000;
  };
  const times = await Promise.all((await readdir(`/proc/${pid}/task`)).map(timeOf));
  return { all: times.reduce((sum, time) => sum + time, 0), main: await timeOf(String(pid)) };
}
