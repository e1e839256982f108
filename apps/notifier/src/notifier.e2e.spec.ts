import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { paymentEventTopic } from '@payments/contracts';
import { openProducer } from '@payments/kafka';
import {
  eventually,
  otlpReceiver,
  startKafka,
  startService,
  startSlackStandIn,
  tcpProxy,
  testServers,
  throwAwayDatabase,
} from '@payments/testing';
import type { OtlpSpan, RunningKafka, RunningService, SlackStandIn } from '@payments/testing';
import pg from 'pg';
import { aFailedEvent, anEvent } from './event/an-event.fixture.ts';
import type { AnEvent } from './event/an-event.fixture.ts';
import { anOrigin } from './traces.fixture.ts';

/**
 * A Kafka of their own: the topic has one name, and these specs stop the broker. One database and one group for all:
 * each spec begins where the one before it ended.
 */
let servers: AsyncDisposableStack;
let kafka: RunningKafka;
let databaseUrl: string;
const group = `notifier-${randomUUID()}`;
/**
 * Only a safety net: what is waited for comes within seconds, or after a lease of 15 s and a session of the group of 10 s.
 * The specs with several such waits, or with a start of Kafka, have 240 s for a machine that is three times as slow.
 */
const inTime = { timeoutMs: 90_000 };
let stack: AsyncDisposableStack;
let slack: SlackStandIn;

beforeAll(async () => {
  servers = new AsyncDisposableStack();
  databaseUrl = servers.use(await throwAwayDatabase()).url;
  const folder = await mkdtemp(join(tmpdir(), 'notifier-spec-'));
  servers.defer(() => rm(folder, { recursive: true, force: true }));
  kafka = servers.use(await startKafka({ dataDir: folder }));
}, 180_000);
afterAll(() => servers.disposeAsync());
beforeEach(async () => {
  stack = new AsyncDisposableStack();
  // A path that the log does not know for a secret: it must not get there in the first place.
  slack = stack.use(await startSlackStandIn({ path: `/hook/${randomUUID()}` }));
});
afterEach(() => stack.disposeAsync());

async function start(env: Record<string, string> = {}): Promise<RunningService> {
  const own = { DATABASE_URL: databaseUrl, KAFKA_BROKERS: kafka.brokers.join(','), NOTIFIER_GROUP_ID: group };
  const slackEnv = { SLACK_WEBHOOK_URL: slack.webhook, SLACK_MIN_INTERVAL_MS: '0' };
  return stack.use(await startService({ app: 'notifier', env: { ...own, ...slackEnv, ...env }, ...inTime }));
}

async function send(...events: AnEvent[]): Promise<void> {
  await using producer = openProducer({ kafka: { brokers: kafka.brokers, clientId: 'notifier-spec' } });
  await producer.send(events.map((event) => ({ ...event, topic: paymentEventTopic })));
}

/** Messages are told apart by their users. */
const of = (user: string) => slack.received().filter(({ text }) => text.endsWith(`by user ${user}`)).length;
const told = (user: string, times = 1) =>
  eventually(() => expect(of(user)).toBe(times), { ...inTime, for: `${user} in Slack` });
const users = (...names: string[]) => {
  const mark = randomUUID().slice(0, 8);
  return names.map((name) => `${name}-${mark}`);
};
const eventsOf = (names: string[]) => {
  const reservationId = `예약-${randomUUID()}`;
  return names.map((userId) => anEvent({ payment: { userId, reservationId } }));
};
const answer = async ({ http }: RunningService, path: string) => {
  const response = await fetch(`http://${http}${path}`);
  return [response.status, await response.text()] as const;
};

/** Its baggage is nobody's business here, and no header that a request could have. */
const inTrace = (event: AnEvent, traceparent: string): AnEvent => ({
  ...event,
  headers: { ...event.headers, traceparent, baggage: 'user=somebody;of\nanybody' },
});
const openMetrics = async ({ http }: RunningService) => {
  const headers = { accept: 'application/openmetrics-text' };
  return await (await fetch(`http://${http}/metrics`, { headers })).text();
};

describe('the notifier as a process', () => {
  it('waits for PostgreSQL and Kafka, alive but not ready, and comes good by itself', async () => {
    const { host } = new URL(testServers().postgresUrl);
    const postgres = stack.use(await tcpProxy({ target: host }));
    await postgres.refuse();
    await kafka.stop();
    const proxied = Object.assign(new URL(databaseUrl), { host: postgres.address }).href;
    const service = await start({ DATABASE_URL: proxied });

    await service.waitForLine(
      ({ fields }) => fields['msg'] === 'waiting for postgres' && fields['attempt'] === 2,
      inTime,
    );
    const [status, reasons] = await answer(service, '/readyz');
    expect([status, reasons]).toEqual([503, expect.stringMatching(/postgres: .*ECONNREFUSED/)]);
    expect(await answer(service, '/livez')).toEqual([200, expect.any(String)]);

    await postgres.accept();
    await service.waitForLine(
      ({ fields }) => fields['msg'] === 'waiting for kafka' && fields['attempt'] === 2,
      inTime,
    );
    expect(await answer(service, '/readyz')).toEqual([503, expect.stringMatching(/^kafka: /)]);
    expect(await answer(service, '/livez')).toEqual([200, expect.any(String)]);

    await kafka.start();
    await service.ready(inTime);
    const [one = ''] = users('one');
    await send(...eventsOf([one]));
    await told(one);
  }, 240_000);

  it('tells each once when it is killed before Slack took the message', async () => {
    const [one = '', two = '', three = ''] = users('one', 'two', 'three');
    const events = eventsOf([one, two, three]);
    const first = await start();
    slack.onMessage(({ text }) => text.endsWith(one) && slack.failAlways({ hang: 'before' }));
    await send(...events);
    await told(one);
    await eventually(() => expect(slack.requests().at(-1)?.body).toContain(two), inTime);
    await first.kill('SIGKILL');
    slack.recover();
    await start();
    await Promise.all([told(two), told(three)]);
    expect([one, two, three].map(of)).toEqual([1, 1, 1]);
  }, 240_000);

  it('tells one message once more when it is killed between Slack and the mark, and no other', async () => {
    const [one = '', two = '', three = ''] = users('one', 'two', 'three');
    const first = await start();
    await send(...eventsOf([one]));
    await told(one);
    slack.failNext({ hang: 'after' });
    await send(...eventsOf([two, three]));
    await told(two);
    await first.kill('SIGKILL');
    const second = await start();
    await told(three);
    expect([one, two, three].map(of)).toEqual([1, 2, 1]);
    // At its end all that it printed has been read.
    await second[Symbol.asyncDispose]();
    expect(second.lines.filter(({ text }) => text.includes('may have told this message'))).toHaveLength(1);
  }, 240_000);

  it('finishes the post in flight at SIGTERM, and leaves the rest to the next', async () => {
    const [one = '', two = ''] = users('one', 'two');
    const first = await start();
    const held = slack.holdNext();
    await send(...eventsOf([one, two]));
    await held.arrived;
    first.send('SIGTERM');
    await first.waitForLine('stopping', inTime);
    held.release();
    expect(await first.ended).toBe('exit code 0');
    expect(first.lines.at(-1)?.fields).toMatchObject({ msg: 'stopped', told: 1, left: 1 });
    expect([one, two].map(of)).toEqual([1, 0]);
    await start();
    await told(two);
    expect([one, two].map(of)).toEqual([1, 1]);
  });

  it('goes on where it was when Kafka goes away and comes back', async () => {
    const [one = '', two = ''] = users('one', 'two');
    const service = await start();
    await send(...eventsOf([one]));
    await told(one);
    await kafka.stop();
    await service.waitForLine('waiting for kafka', inTime);
    await eventually(async () => expect((await answer(service, '/readyz'))[0]).toBe(503), inTime);
    await kafka.start();
    await service.ready(inTime);
    await send(...eventsOf([two]));
    await told(two);
    expect([one, two].map(of)).toEqual([1, 1]);
  }, 240_000);

  it('tells where the routes say, and says which channel is in trouble', async () => {
    const failures = stack.use(await startSlackStandIn({ path: `/hook/${randomUUID()}` }));
    failures.failAlways({ status: 503 });
    const folder = await mkdtemp(join(tmpdir(), 'notifier-spec-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const NOTIFIER_ROUTES = join(folder, 'routes.json');
    const routes = [{ channel: 'failures', outcomes: ['FAILED'] }];
    const channels = [{ name: 'failures', webhook: 'SLACK_WEBHOOK_URL_FAILURES' }];
    await writeFile(NOTIFIER_ROUTES, JSON.stringify({ channels, routes }));
    const service = await start({ NOTIFIER_ROUTES, SLACK_WEBHOOK_URL_FAILURES: failures.webhook });
    await service.ready(inTime);
    const [one = '', two = ''] = users('one', 'two');
    const payment = { userId: one, reservationId: `예약-${randomUUID()}` };
    await send(aFailedEvent({ payment }), anEvent({ payment: { ...payment, userId: two } }));
    await told(two);
    const reasons = () => answer(service, '/readyz');
    const inTrouble = [503, expect.stringMatching(/^slack failures: Slack answered 503.*\n$/)];
    await eventually(async () => expect(await reasons()).toEqual(inTrouble), inTime);
    failures.recover();
    await eventually(() => expect(failures.received()[0]?.text).toContain(one), inTime);
    await service.ready(inTime);
    expect([of(one), of(two), failures.received().length]).toEqual([0, 1, 1]);
    const log = service.lines.map(({ text }) => text).join('\n');
    expect(log).not.toContain(new URL(failures.webhook).pathname.split('/').at(-1));
  });

  it('puts the Slack call into the trace of the payment, and no secret into trace, log or metrics', async () => {
    const receiver = stack.use(await otlpReceiver());
    const service = await start({
      ...receiver.env,
      OTEL_SERVICE_NAME: 'notifier',
      TRACE_URL: 'http://localhost:16686/trace/{traceId}',
    });
    await service.ready(inTime);
    const [{ traceId, spanId: parentId, traceparent }, [one = '']] = [anOrigin(), users('one')];
    slack.failNext({ status: 503 });
    slack.failNext({ reset: 'before' });
    slack.failNext({ status: 400 });
    await send(...eventsOf(['refused', one]).map((event) => inTrace(event, traceparent)));
    await told(one);
    const process = `process ${paymentEventTopic}`;
    const named = (name: string, all = receiver.spans()) => all.filter((span) => span.name === name);
    // Before the end: the flush at the exit has 3 s, and what it does not get rid of is lost.
    await eventually(() => expect(named(process)).toHaveLength(2), inTime);
    const metrics = await openMetrics(service);
    await service.kill('SIGTERM');

    const spans = receiver.spans();
    const [processed, posts] = [named(process, spans), named('post message', spans)];
    for (const span of processed)
      expect(span).toMatchObject({ kind: 5, parentSpanId: parentId, links: [{ spanId: parentId }] });
    const below = (parent?: OtlpSpan) => spans.filter((span) => span.parentSpanId === parent?.spanId);
    const failed = ({ status }: OtlpSpan) => status?.code === 2;
    const [refused, fine] = [processed.find(failed), processed.find((span) => !failed(span))];
    // A try is a span.
    expect([below(refused).map(failed), below(fine).map(failed)]).toEqual([[true, true, true], [false]]);
    const kindsBelow = (post: OtlpSpan) => new Set(below(post).map(({ name }) => name.split(':')[0]));
    expect(posts.map(kindsBelow)).toEqual(posts.map(() => new Set(['pg.query', 'POST'])));
    // Neither polls, nor claims, nor connections: there is nothing else.
    const known = [...processed, ...posts, ...posts.flatMap(below)];
    expect(spans.filter((span) => !known.includes(span)).map(({ name }) => name)).toEqual([]);
    expect(spans.filter((span) => span.traceId !== traceId)).toEqual([]);
    expect(slack.requests().every(({ headers }) => headers['traceparent']?.includes(traceId))).toBe(true);
    expect(slack.requests().filter(({ headers }) => headers['baggage'] !== undefined)).toEqual([]);
    expect(JSON.stringify(slack.received()[0]?.blocks)).toContain(`/trace/${traceId}|trace>`);

    const log = service.lines.map(({ text }) => text);
    const ofTrace = service.lines.filter(({ fields }) => fields['trace_id'] === traceId);
    const outcomes = ofTrace.map(({ fields }) => fields['msg']);
    const again = 'Slack did not take a message; it is tried again';
    expect(outcomes.slice(0, 2)).toEqual([again, again]);
    // The two messages have two keys: which line is written first is nobody's promise.
    expect(new Set(outcomes.slice(2))).toEqual(
      new Set(['a message that can never be told is set aside', 'told']),
    );
    expect(outcomes).toHaveLength(4);
    expect(metrics).toMatch(/^notifier_notifications_total\{outcome="told"\} 1$/m);
    expect(metrics).toMatch(/^notifier_notifications_total\{outcome="dead_lettered"\} 1$/m);
    expect(metrics).toMatch(/^notifier_posts_total\{channel="default",result="unavailable"\} 1$/m);
    expect(metrics).toMatch(/^notifier_waiting_messages\{channel="default"\} 0$/m);
    expect(metrics).toMatch(
      /^messaging_client_consumed_messages_total\{.*destination_name="payment-event",.*\} [2-9]\d*$/m,
    );
    expect(metrics).toMatch(/^messaging_process_duration_seconds_count\{.*error_type="refused"\} 1$/m);
    expect(metrics).toMatch(new RegExp(`^messaging_process_duration_seconds_bucket.* # .*"${traceId}"`, 'm'));

    const secret = new URL(slack.webhook).pathname.split('/').at(-1) ?? '';
    expect(receiver.raw()).toContain('REDACTED');
    // The amount as a number of its own: times in nanoseconds end in 15000000 now and then.
    for (const word of [secret, one, '(?<!\\d)15,?000(?!\\d)'])
      for (const told of [receiver.raw(), log.join('\n'), metrics])
        expect(told).not.toMatch(new RegExp(word));
    // The collector is nobody's business: of its requests there is no metric.
    expect(metrics).toContain(`server_port="${new URL(slack.webhook).port}"`);
    expect(metrics).not.toContain(
      `server_port="${new URL(receiver.env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '').port}"`,
    );
  });

  it('links a digest and all of its messages, however many they are', async () => {
    const receiver = stack.use(await otlpReceiver());
    const service = await start(receiver.env);
    await service.ready(inTime);
    slack.failAlways({ status: 429, retryAfterSeconds: 1 });
    const event = () => anEvent({ payment: { reservationId: randomUUID() } });
    await send(...Array.from({ length: 200 }, () => inTrace(event(), anOrigin().traceparent)));
    await using client = Object.assign(new pg.Client({ connectionString: databaseUrl }), {
      [Symbol.asyncDispose]: () => client.end(),
    });
    await client.connect();
    const wait = `select from notifier.inbox where state = 'CLAIMED'`;
    await eventually(async () => expect((await client.query(wait)).rowCount).toBe(200), inTime);
    expect(await openMetrics(service)).toMatch(/^notifier_waiting_messages\{channel="default"\} 200$/m);
    slack.recover();
    const digests = () => receiver.spans().filter(({ name }) => name === 'post digest');
    const found = () => digests().find(({ status, links }) => status?.code !== 2 && links?.length === 200);
    const processed = () => receiver.spans().filter(({ name }) => name === `process ${paymentEventTopic}`);
    await eventually(() => expect([found(), processed().length]).toEqual([expect.anything(), 200]), inTime);
    const ids = (spans: readonly { spanId: string }[] = []) => spans.map(({ spanId }) => spanId).sort();
    expect(ids(found()?.links)).toEqual(ids(processed()));
    expect(processed().filter(({ links }) => !ids(links).includes(found()?.spanId ?? ''))).toEqual([]);
    await service.kill('SIGTERM');
  });

  it('migrates and ends with --migrate-only, for which the database is enough', async () => {
    const args = [join(import.meta.dirname, 'main.ts'), '--migrate-only'];
    await using database = await throwAwayDatabase();
    const env = { DATABASE_URL: database.url };
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    expect(stdout).toContain('notifier: applied migration 0001-inbox.sql');
  });

  it('refuses to start with a bad configuration, and names every bad variable', async () => {
    const starting = start({ SLACK_WEBHOOK_URL: 'nonsense', TRACE_URL: 'nonsense' });
    const error = await starting.then(String, (reason: Error) => `${reason.message} ${String(reason.cause)}`);
    expect(error).toMatch(/SLACK_WEBHOOK_URL must be an https URL/);
    expect(error).toMatch(/TRACE_URL must be a URL of 500 characters at most with \{traceId\}/);
    expect(error).toMatch(/exit code 1/);
  });
});
