import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { paymentEventTopic } from '@payments/contracts';
import { findJaeger, readWithKafkaConsole, type SpanAddress, type TraceSpan } from '@payments/servers';
import { eventually, type RunningService } from '@payments/testing';
import { holdCheckpoints } from './outbox-seen.fixture.ts';
import { payInTrace } from './pay-in-trace.fixture.ts';
import { clientOf } from './system.fixture.ts';
import { startTracedSystem, the, wayUp, type TracedSystem } from './traced-system.fixture.ts';

const whereThereIsJaeger = (await findJaeger()) === null ? describe.skip : describe;

const call = 'payment.v1.PaymentService/ExecutePayments';
const [create, send, process] = ['create', 'send', 'process'].map(
  (what) => `${what} ${paymentEventTopic}`,
) as [string, string, string];
/** One message's own spans in its trace. */
const ofOneMessage = { [create]: 1, [process]: 1 };

const address = ({ traceId, spanId }: TraceSpan) => ({ traceId, spanId });
const addressesOf = (spans: readonly TraceSpan[]) => spans.map(address).sort(bySpan);
const bySpan = (one: SpanAddress, other: SpanAddress) => one.spanId.localeCompare(other.spanId);

whereThereIsJaeger('one trace', () => {
  let system: TracedSystem;
  let payment: RunningService;
  let relay: RunningService;

  beforeAll(async () => {
    system = await startTracedSystem();
    const pace = { NOTIFIER_DIGEST_ABOVE: '5', SLACK_MIN_INTERVAL_MS: '1000', SLACK_BURST: '1' };
    const starting = [
      system.start('payment'),
      system.start('relay'),
      system.start('notifier', pace),
    ] as const;
    [payment, relay] = await Promise.all(starting);
    await Promise.all([payment.ready(), relay.ready()]);
  }, 120_000);
  afterAll(async () => system[Symbol.asyncDispose](), 60_000);

  /** The roots that the spans link to in that place, each once, as the last of the way up from the first of the names. */
  async function linkedFrom(spans: readonly TraceSpan[], place: number, way: string[]): Promise<TraceSpan[]> {
    const traceIds = new Set(spans.map(({ links }) => links[place]?.traceId ?? 'no link'));
    return Promise.all(
      [...traceIds].map(async (traceId) => {
        const found = await system.trace(traceId, Object.fromEntries(way.map((name) => [name, 1])));
        expect(wayUp(the(way[0] ?? '', found), found)).toEqual(way);
        return the(way.at(-1) ?? '', found);
      }),
    );
  }

  it('goes from `npm run pay` over the payment, its SQL, the relay and Kafka to the post in Slack', async () => {
    const traceId = await system.pay(payment, 'r-1');

    const spans = await system.trace(traceId, { ...ofOneMessage, [call]: 2, [send]: 1, POST: 1 });
    expect(new Set(spans.map(({ service }) => service))).toEqual(
      new Set(['pay', 'payment', 'relay', 'notifier']),
    );
    const roots = spans.filter(({ parent }) => parent === undefined);
    expect(roots.map(({ service }) => service)).toEqual(['pay']);
    // Every span hangs on the root: none has lost its parent.
    for (const span of spans) expect(wayUp(span, spans).at(-1)).toBe(roots[0]?.name);

    const [client, server] = spans.filter(({ name }) => name === call);
    expect([client, server]).toMatchObject([
      { service: 'pay', kind: 'client' },
      { service: 'payment', kind: 'server', parent: client?.spanId },
    ]);
    const statements = spans.filter(
      ({ service, name }) => service === 'payment' && name.startsWith('pg.query:'),
    );
    // MikroORM's rows, and the message with the COMMIT.
    expect(statements.map(({ name }) => name.split(' ')[0])).toEqual(
      expect.arrayContaining(['pg.query:INSERT']),
    );
    const [created, sent, processed] = [the(create, spans), the(send, spans), the(process, spans)];
    expect(created).toMatchObject({ service: 'relay', kind: 'producer', parent: server?.spanId });
    expect(sent).toMatchObject({ kind: 'client', parent: created.spanId, links: [address(created)] });
    expect(processed).toMatchObject({ service: 'notifier', kind: 'consumer', parent: created.spanId });
    expect(processed.links).toContainEqual(address(created));
    expect(wayUp(the('POST', spans), spans)).toContain(process);
    expect(spans.filter(({ hasError }) => hasError)).toEqual([]);
  }, 120_000);

  it('is none for an unsampled order, in no process, and its traceparent goes on to the reader as it is', async () => {
    using client = clientOf(payment);
    const told = () => system.slack.received().length;
    const before = told();
    const { traceId: unsampled } = await payInTrace(client, 'r-unsampled', { sampled: false });
    await eventually(() => expect(told()).toBe(before + 1), { timeoutMs: 60_000 });
    // Each process sends its spans in their order: once those of a later payment are there, the first one's would be.
    const { traceId: sampled } = await payInTrace(client, 'r-sampled');
    await system.trace(sampled, { ...ofOneMessage, POST: 1 });

    expect(await system.trace(unsampled, {})).toEqual([]);
    const count = await system.kafka.recordsAppended(paymentEventTopic);
    const { brokers } = system.kafka;
    const records = await readWithKafkaConsole({ brokers, topic: paymentEventTopic, count });
    const traceparents = records.map(({ headers }) =>
      headers.find(({ name }) => name === 'traceparent')?.value?.toString(),
    );
    expect(traceparents).toContainEqual(expect.stringMatching(new RegExp(`^00-${unsampled}-\\w{16}-00$`)));
  }, 120_000);

  it('is still one after the relay was killed between publishing and its checkpoint', async () => {
    const held = await holdCheckpoints(await system.connect());
    const traceId = await system.pay(payment, 'r-killed');
    await held.one();
    await system.trace(traceId, { [create]: 1, [send]: 1 });
    await relay.kill('SIGKILL');
    await held.drop();
    relay = await system.start('relay');

    // Twice in Kafka, told once.
    const spans = await system.trace(traceId, { [create]: 2, [process]: 2, POST: 1 });
    const [server] = spans.filter(({ kind }) => kind === 'server');
    const created = spans.filter(({ name }) => name === create);
    expect(created.map(({ parent }) => parent)).toEqual([server?.spanId, server?.spanId]);
    const processed = spans.filter(({ name }) => name === process);
    expect(processed.map(({ parent }) => parent).sort()).toEqual(created.map(({ spanId }) => spanId).sort());
    expect(processed.map(({ tags }) => tags['notifier.outcome']).sort()).toEqual(['repeat_dropped', 'told']);
    for (const span of spans) expect(wayUp(span, spans).at(-1)).toBe('pay order');
  }, 120_000);

  it('is kept apart for each of 50 orders that share a batch and a digest, which link to all of them', async () => {
    await relay.kill('SIGTERM');
    using client = clientOf(payment);
    const orders = Array.from({ length: 50 }, (_, index) => `r-batch-${index}`);
    const paid = await Promise.all(orders.map((order) => payInTrace(client, order)));
    relay = await system.start('relay');

    const traces = await Promise.all(paid.map(({ traceId }) => system.trace(traceId, ofOneMessage)));
    const created = traces.map((spans) => the(create, spans));
    const processed = traces.map((spans) => the(process, spans));
    expect(processed.map(({ parent }) => parent)).toEqual(created.map(({ spanId }) => spanId));
    // Everything was committed before there was a relay: it goes at once, but for lanes that are within an older window.
    const batches = await linkedFrom(created, 0, [send]);
    expect(batches.length).toBeLessThanOrEqual(2);
    expect(batches.flatMap(({ links }) => links).sort(bySpan)).toEqual(addressesOf(created));
    for (const { parent, links, tags } of batches)
      expect({ parent, count: tags['messaging.batch.message_count'] }).toEqual({ count: links.length });

    // Each message is told by itself or in a digest.
    const inDigest = processed.filter(({ links }) => links.length > 1);
    expect(inDigest.length).toBeGreaterThan(5);
    const digests = await linkedFrom(inDigest, 1, ['POST', 'post digest']);
    expect(digests.flatMap(({ links }) => links).sort(bySpan)).toEqual(addressesOf(inDigest));
  }, 120_000);
});
