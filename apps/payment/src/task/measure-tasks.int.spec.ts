import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { eventually, tcpProxy } from '@payments/testing';
import type { TcpProxy } from '@payments/testing';
import { openFixture } from '../payment.fixture.ts';
import type { Fixture } from '../payment.fixture.ts';
import { measureTasks } from './measure-tasks.ts';

let closing: AsyncDisposableStack;
let fixture: Fixture;
let proxy: TcpProxy;
let reader: PeriodicExportingMetricReader;

beforeAll(() => {
  reader = new PeriodicExportingMetricReader({
    exporter: new InMemoryMetricExporter(AggregationTemporality.DELTA),
    exportIntervalMillis: 3_600_000,
  });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
});
afterAll(async () => {
  await reader.shutdown();
  metrics.disable();
});
beforeEach(async () => {
  closing = new AsyncDisposableStack();
  const route = async (url: string) => {
    proxy = closing.use(await tcpProxy({ target: new URL(url).host }));
    return Object.assign(new URL(url), { host: proxy.address }).href;
  };
  fixture = closing.use(await openFixture({ route }));
  closing.use(measureTasks({ database: fixture.database, everyMs: 0, withinMs: 500 }));
});
afterEach(() => closing.disposeAsync());

/** What a scrape gets now; nothing where PostgreSQL, or the connection to it, takes longer than `withinMs`. */
const figures = async () => {
  const { resourceMetrics } = await reader.collect();
  const found = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  const ours = found.filter(({ descriptor }) => /task/.test(descriptor.name));
  return Object.fromEntries(
    ours.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints[0]?.value]),
  );
};

/** So many charges whose outcome is not known, the oldest of them asked for that many seconds ago. */
const leave = async (count: number, oldestSeconds: number) => {
  await fixture.sql(
    `with made as (
      insert into payment.payment (payment_id, user_id, reservation_id, amount_minor, currency, state, created_at, updated_at)
      select gen_random_uuid(), 'u', 'r-' || n, 1, 'KRW', 'PENDING', now(), now() from generate_series(1, ?) n
      returning payment_id
    )
    insert into payment.gateway_task (task_id, kind, payment_id, asked_of, claimed_until, due_at, created_at)
    select payment_id, 'CHARGE', payment_id, 'gateway', now(), now(), now() - ? * interval '1 second' from made`,
    [count, oldestSeconds],
  );
};

describe('the metrics of undecided tasks', () => {
  it('are none of none', async () => {
    const none = { 'payment.unsettled_tasks': 0, 'payment.oldest_unsettled_task': 0 };
    await eventually(async () => expect(await figures()).toEqual(none));
  });

  it('tell how many there are, and the age of the oldest by the clock of the database', async () => {
    await leave(3, 90);
    const { 'payment.oldest_unsettled_task': age } = await eventually(async () => {
      const told = await figures();
      expect(told).toMatchObject({ 'payment.unsettled_tasks': 3 });
      return told;
    });
    expect(age).toBeGreaterThanOrEqual(90);
    expect(age).toBeLessThan(90 + 600);
  });

  it('count up to ten thousand, along the index', async () => {
    await leave(10_500, 1);
    await eventually(async () =>
      expect(await figures()).toMatchObject({ 'payment.unsettled_tasks': 10_000 }),
    );
    await fixture.sql('analyze payment.gateway_task');
    const plan = await fixture.sql<Record<string, string>>(
      'explain select created_at from payment.gateway_task order by created_at limit 10',
    );
    expect(JSON.stringify(plan)).toMatch(/Index Only Scan using gateway_task_by_created_at/);
  });

  it.each(['refuse', 'hold'] as const)(
    'are left out while PostgreSQL is away (%s), and come back',
    async (away) => {
      await proxy[away]();
      expect(await figures()).toEqual({});
      if (away === 'refuse') await proxy.accept();
      else proxy.release();
      await leave(1, 1);
      await eventually(async () => expect(await figures()).toMatchObject({ 'payment.unsettled_tasks': 1 }));
    },
  );
});
