import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { migrateOutbox } from '@payments/outbox';
import {
  eventually,
  startService,
  tcpProxy,
  testServers,
  throwAwayDatabase,
  throwAwayTopic,
} from '@payments/testing';
import type { RunningService, TcpProxy } from '@payments/testing';
import pg from 'pg';

let stack: AsyncDisposableStack;
let database: TcpProxy;
let writer: pg.Client;
let env: Record<string, string>;
beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const template = { name: 'outbox', prepare: (databaseUrl: string) => migrateOutbox({ databaseUrl }) };
  const { url } = stack.use(await throwAwayDatabase({ template }));
  writer = new pg.Client({ connectionString: url });
  await writer.connect();
  stack.defer(() => writer.end());
  database = stack.use(await tcpProxy({ target: new URL(url).host }));
  const proxied = Object.assign(new URL(url), { host: database.address }).href;
  env = {
    ...{ DATABASE_URL: proxied, KAFKA_BROKERS: testServers().kafkaBrokers.join() },
    ...{ RELAY_BACKOFF_MAX_MS: '300', OTEL_SDK_DISABLED: 'false' },
  };
});
afterEach(() => stack.disposeAsync());

const startRelay = async () => stack.use(await startService({ app: 'relay', env }));

/** The samples of a page, by series. */
async function scrape({ http }: RunningService): Promise<Record<string, number>> {
  const page = await (await fetch(`http://${http}/metrics`)).text();
  const samples = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    samples.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

/** Scrapes until what is told is so; the figures are 5 s old at most. */
const scraped = (relay: RunningService, expected: Record<string, unknown>) =>
  eventually(async () => expect(await scrape(relay)).toMatchObject(expected), {
    timeoutMs: 60_000,
    everyMs: 200,
  });

const append = (topic: string, key = 'k') =>
  writer.query(`select outbox.append($1, $2, 'Happened', 'x')`, [topic, key]);

const figures = [
  'outbox_lag_seconds',
  'outbox_unpublished_messages',
  'outbox_parked_messages',
  'outbox_oldest_transaction_seconds{appended="true"}',
  'outbox_oldest_transaction_seconds{appended="false"}',
];
/** How many connections read figures here. */
const connections = async (): Promise<number> => {
  const { rows } = await writer.query(
    `select from pg_stat_activity where application_name = 'outbox figures' and datname = current_database()`,
  );
  return rows.length;
};

const notKnown = 'the figures of the outbox are not known';

describe('the page of a relay', () => {
  it('tells how far behind the outbox is, over one connection that nobody opens before it is read; of the lanes, its own', async () => {
    await using made = await throwAwayTopic();
    const [relay, other] = await Promise.all([startRelay(), startRelay()]);
    await relay.ready();
    expect(await connections()).toBe(0);
    await scraped(relay, {
      ...{ outbox_lag_seconds: 0, outbox_unpublished_messages: 0, outbox_parked_messages: 0 },
      'outbox_oldest_transaction_seconds{appended="true"}': 0,
      'outbox_oldest_transaction_seconds{appended="false"}': expect.any(Number),
      outbox_lanes_owned: 8,
    });
    expect(await connections()).toBe(1);
    await scraped(other, { outbox_lag_seconds: 0, outbox_lanes_owned: 8 });

    await writer.query('begin');
    await append(made.topic);
    await eventually(
      async () => {
        const page = await scrape(relay);
        expect(page['outbox_oldest_transaction_seconds{appended="true"}']).toBeGreaterThan(0);
        expect(page).toMatchObject({ outbox_lag_seconds: 0, outbox_unpublished_messages: 0 });
      },
      { timeoutMs: 60_000, everyMs: 200 },
    );
    await writer.query('commit');
    await eventually(
      async () => {
        const published = `outbox_published_messages_total{topic="${made.topic}"}`;
        const pages = await Promise.all([relay, other].map(scrape));
        expect(pages.map((page) => page[published] ?? 0).toSorted()).toEqual([0, 1]);
        expect(pages).toMatchObject(Array(2).fill({ outbox_lag_seconds: 0, outbox_unpublished_messages: 0 }));
      },
      { timeoutMs: 60_000, everyMs: 200 },
    );
  });

  it('is answered soon and without the figures while PostgreSQL is silent, and with them again after that', async () => {
    const relay = await startRelay();
    await relay.ready();
    await scraped(relay, { outbox_lag_seconds: 0, outbox_lanes_owned: 16 });
    const told = () => relay.lines.filter(({ fields }) => fields['msg'] === notKnown).length;
    const before = told();
    database.hold();
    await eventually(
      async () => {
        const begun = performance.now();
        const page = await scrape(relay);
        expect(performance.now() - begun).toBeLessThan(8000);
        expect(Object.keys(page).filter((name) => figures.includes(name))).toEqual([]);
        expect(page).toHaveProperty('outbox_lanes_owned');
      },
      { timeoutMs: 60_000, everyMs: 200 },
    );
    await eventually(() => expect(told()).toBe(before + 1));
    await Promise.all(Array.from({ length: 10 }, () => scrape(relay)));
    expect(told()).toBe(before + 1);
    database.release();
    await scraped(relay, Object.fromEntries(figures.map((name) => [name, expect.any(Number)])));
    await scraped(relay, { outbox_lanes_owned: 16 });
  });
});
