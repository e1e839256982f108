import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findPrometheus } from '@payments/servers';
import { eventually } from '@payments/testing';
import { isIn, linesOf, readAlerts, readCatalogue, readPanels, readRunbook } from './documents.fixture.ts';
import { askPrometheus } from './prometheus-api.fixture.ts';
import { startWatchedSystem, type WatchedSystem } from './running-system.fixture.ts';
import { payInTrace, refundInTrace } from '../pay-in-trace.fixture.ts';

const withPrometheus = (await findPrometheus()) === null ? describe.skip : describe;

/** How long, in milliseconds, all specs together wait for what is observed only now and then. */
const patienceMs = 30_000;

/**
 * How long, in milliseconds, each waits after that: a figure that PostgreSQL or Kafka answered too late is missing until it is
 * asked for again, up to 10 s later. Once one has waited in vain it is a second: specs that all wait so long, one after the other,
 * would take minutes to say that a whole service measures nothing.
 */
const eachMs = 15_000;

/** Labels that only a failure has: a healthy system does not show them. */
const ofFailures = ['error_type'];

/** What Prometheus itself says of a target, and of its rules. */
const ofPrometheus = /^(up$|scrape_|ALERTS)/;

const catalogue = await readCatalogue();
const panels = await readPanels();
const alerts = await readAlerts();

withPrometheus('a healthy system, watched by Prometheus', () => {
  let watched: WatchedSystem;
  const traces: string[] = [];
  let paidBack = '';
  let patientUntil = 0;
  const ask = () => askPrometheus(watched.prometheus);
  let leastMs = eachMs;
  const soon = async <T>(attempt: () => Promise<T>) => {
    const timeoutMs = Math.max(patientUntil - Date.now(), leastMs);
    try {
      return await eventually(attempt, { timeoutMs, everyMs: 250 });
    } catch (error) {
      leastMs = 1_000;
      throw error;
    }
  };

  beforeAll(async () => {
    watched = await startWatchedSystem();
    const { client } = watched;
    for (let number = 0; number < 10; number++)
      traces.push((await payInTrace(client, `r-${number}`)).traceId);
    for (const reservation of ['r-1', 'r-declined'])
      traces.push((await payInTrace(client, reservation)).traceId);
    const toRefund = await payInTrace(client, 'r-back');
    paidBack = toRefund.paymentId;
    traces.push(toRefund.traceId, await refundInTrace(client, toRefund.paymentId));
    // 13 orders and a refund, each told: from here on Prometheus has seen what they left.
    await eventually(async () => {
      const [told] = await ask().now('sum(notifier_notifications_total{outcome="told"})');
      expect(told?.value).toBe(14);
    });
    patientUntil = Date.now() + patienceMs;
  });
  afterAll(async () => {
    await watched?.[Symbol.asyncDispose]();
  });

  it('is up, as the jobs that rules and dashboard name', async () => {
    await soon(async () => {
      const up = await ask().now('up == 1');
      expect(up.map(({ labels }) => labels['job']).sort()).toEqual(['notifier', 'payment', 'relay']);
    });
  });

  it.each(catalogue.map((metric) => [metric.name, metric] as const))(
    'has %s of every service that the catalogue names, with its labels',
    async (name, { prefix, histogram, labels, of }) => {
      const jobs = of.includes('all') ? ['payment', 'relay', 'notifier'] : of;
      const names = `${name}${prefix ? '.+' : histogram ? '_(bucket|sum|count)' : ''}`;
      for (const job of jobs)
        await soon(async () => {
          const series = await ask().now(`{__name__=~"${names}", job="${job}"}`);
          const found = new Set(series.flatMap((one) => Object.keys(one.labels)));
          expect({ job, series: series.length, labels: [...found] }).toEqual({
            job,
            series: expect.any(Number),
            labels: expect.arrayContaining([
              '__name__',
              ...labels.filter((label) => !ofFailures.includes(label)),
            ]),
          });
        });
    },
  );

  it('has no metric that the catalogue does not have', async () => {
    const series = await ask().now('count by (__name__) ({job=~"payment|relay|notifier"})');
    const names = series
      .map(({ labels }) => labels['__name__'] ?? '')
      .filter((name) => !ofPrometheus.test(name));
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !isIn(catalogue, name))).toEqual([]);
  });

  it.each(panels.map((panel) => [panel.title, panel] as const))(
    'has something for the panel "%s"',
    async (_title, { expressions }) => {
      for (const expression of expressions)
        await soon(async () => {
          const series = await ask().now(expression);
          expect({ expression, found: series.length > 0 }).toEqual({ expression, found: true });
        });
    },
  );

  it('evaluates every rule, and no alert fires', async () => {
    await soon(async () => {
      const rules = (await ask().rules()).map(({ name, health, state, lastError = '' }) =>
        [name, health, state, lastError].join(' ').trim(),
      );
      expect(rules.sort()).toEqual(alerts.map(({ alert }) => `${alert} ok inactive`).sort());
    });
  });

  it('leads from a bucket of commit to acknowledgement to a trace', async () => {
    const [exemplar] = await soon(async () => {
      const found = await ask().exemplars('outbox_commit_to_ack_seconds_bucket');
      const all = found.flatMap(({ exemplars }) => exemplars);
      expect(all.length).toBeGreaterThan(0);
      return all;
    });
    const traceId = exemplar?.labels['trace_id'] ?? '';
    expect(traces).toContain(traceId);
    if (watched.jaeger === null) return;
    const url = `${watched.jaeger}/api/traces/${traceId}`;
    await eventually(async () => expect((await fetch(url)).status).toBe(200));
  });

  it('is found in Jaeger by the tags that the run book names', async () => {
    if (watched.jaeger === null) return;
    const text = (await readRunbook()).map((section) => section.text).join();
    const tags = new Set([...text.matchAll(/`([a-z_]+(?:\.[a-z_]+)+)=/g)].map(([, tag = '']) => tag));
    expect(tags.size).toBe(2);
    const values: Record<string, string> = {
      'kafka.message.key': 'r-back',
      'cloudevents.event_subject': paidBack,
    };
    for (const service of ['relay', 'notifier'])
      for (const tag of tags) {
        const query = new URLSearchParams({ service, tags: JSON.stringify({ [tag]: values[tag] }) });
        await eventually(async () => {
          const reply = await fetch(`${watched.jaeger}/api/traces?${query.toString()}`);
          const { data } = (await reply.json()) as { data: { traceID: string }[] };
          expect(traces).toContain(data[0]?.traceID);
        });
      }
  });

  it('answers every question of the run book to PostgreSQL', async () => {
    const sections = await readRunbook();
    const statements = sections
      .flatMap(({ text }) => linesOf('sql', text).join('\n').split(';'))
      .map((statement) => statement.replace(/^\s*--.*$/gm, '').trim())
      .filter((statement) => statement.startsWith('select') && !statement.includes('terminate'));
    expect(statements.length).toBeGreaterThan(4);
    const client = await watched.system.connect();
    for (const statement of statements) await client.query(statement);
  });
});
