import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { startSlackStandIn } from '@payments/testing';
import type { ConsumedMessage } from '@payments/kafka';
import { asConsumed } from './a-notifier.fixture.ts';
import type { ANotifier } from './a-notifier.fixture.ts';
import { logged, openChannelStack } from './channel/channel-stack.fixture.ts';
import type { ChannelStack } from './channel/channel-stack.fixture.ts';
import { anEvent } from './event/an-event.fixture.ts';
import { anOrigin, keepTraces } from './traces.fixture.ts';
import type { Origin } from './traces.fixture.ts';

const traces = keepTraces();
let all: ChannelStack;
beforeEach(async () => {
  all = await openChannelStack();
  traces.reset();
});
afterEach(async () => void (await all[Symbol.asyncDispose]()));

/** A message of a trace, or of none. */
const from = (origin?: Pick<Origin, 'traceparent'>, revoked?: AbortSignal): ConsumedMessage =>
  asConsumed(anEvent({ ...(origin && { traceparent: origin.traceparent }) }), revoked);
const processed = () => traces.named('process payment-event');
const spansOf = ({ traceId }: Origin) =>
  traces.spans().filter((span) => span.spanContext().traceId === traceId);
const namesOf = (spans: readonly ReadableSpan[]) => spans.map(({ name }) => name).sort();
const linksOf = ({ links }: ReadableSpan) => links.map(({ context }) => context.spanId).sort();
const idsOf = (spans: readonly ReadableSpan[]) => spans.map((span) => span.spanContext().spanId).sort();
const failed = { code: SpanStatusCode.ERROR };
const ofOnePost = ['post message', 'process payment-event', 'sql begin', 'sql mark'];

describe('a message of a trace that is kept', () => {
  it('is processed in a span below that of its sender, to which it links, with all that is known of it', async () => {
    const [notifier, origin] = [await all.notifier(), anOrigin()];
    const message = { ...from(origin), partition: 3, offset: '41' };
    await notifier.handle(message);
    const [span] = processed();
    expect(span).toMatchObject({ kind: SpanKind.CONSUMER, parentSpanContext: { spanId: origin.spanId } });
    expect(span?.links).toMatchObject([{ context: { traceId: origin.traceId, spanId: origin.spanId } }]);
    expect(span?.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.operation.type': 'process',
      'messaging.operation.name': 'process',
      'messaging.destination.name': 'payment-event',
      'messaging.destination.partition.id': '3',
      'messaging.consumer.group.name': 'notifier-spec',
      'messaging.message.id': message.headers['ce_id'],
      'kafka.message.key': 'r-1',
      'kafka.offset': 41,
      'cloudevents.event_id': message.headers['ce_id'],
      'cloudevents.event_source': '/payments/payment',
      'cloudevents.event_type': 'payment.v1.PaymentCompleted',
      'cloudevents.event_subject': message.headers['ce_subject'],
      'notifier.outcome': 'told',
    });
  });

  it('has its post below it, and below that the note of the post and the mark, and nothing else', async () => {
    const notifier = await all.notifier();
    await notifier.handle(from(anOrigin()));
    expect(namesOf(traces.spans())).toEqual(ofOnePost);
    const [post, ...others] = traces.below(processed()[0]);
    expect(others).toEqual([]);
    expect(post).toMatchObject({ name: 'post message', kind: SpanKind.INTERNAL });
    expect(post?.attributes).toEqual({ 'notifier.channel': 'default', 'notifier.result': 'told' });
    expect(namesOf(traces.below(post))).toEqual(['sql begin', 'sql mark']);
  });

  it('that began the loop of a channel has nothing in its trace of what the loop does for others', async () => {
    const [notifier, first, second] = [await all.notifier({ minIntervalMs: 50 }), anOrigin(), anOrigin()];
    const held = all.slack.holdNext();
    const telling = [notifier.handle(from(first))];
    await held.arrived;
    telling.push(notifier.handle(from(second)), notifier.handle(from()));
    telling.push(notifier.handle(from(anOrigin({ sampled: false }))));
    held.release();
    expect(await Promise.all(telling)).toEqual(['told', 'told', 'told', 'told']);
    expect([first, second].map((origin) => namesOf(spansOf(origin)))).toEqual([ofOnePost, ofOnePost]);
    expect(traces.spans()).toHaveLength(2 * ofOnePost.length);
  });

  it('has a post below it for each of its channels', async () => {
    const other = all.stack.use(await startSlackStandIn());
    const channelOf = (name: string, webhookUrl: string) => ({ name, webhookUrl, format: 'blocks' as const });
    const channels = [channelOf('default', all.slack.webhook), channelOf('failures', other.webhook)];
    const routing = { channels, channelsOf: () => ['default', 'failures'] };
    await (await all.notifier({ routing })).handle(from(anOrigin()));
    const posts = traces.below(processed()[0]);
    expect(posts.map(({ attributes }) => attributes['notifier.channel']).sort()).toEqual([
      'default',
      'failures',
    ]);
  });

  it('has a post for each try, and says what Slack made of it', async () => {
    const notifier = await all.notifier();
    all.slack.failNext({ status: 503 });
    all.slack.failNext({ reset: 'before' });
    all.slack.failNext({ status: 403 });
    await notifier.handle(from(anOrigin()));
    const said = traces
      .below(processed()[0])
      .map(({ attributes, status }) => [attributes['notifier.result'], attributes['error.type'], status]);
    const fine = { code: SpanStatusCode.UNSET };
    expect(said).toEqual([
      ['unavailable', 'unavailable', failed],
      ['no_answer', 'no_answer', failed],
      ['broken_webhook', 'broken_webhook', failed],
      ['told', undefined, fine],
    ]);
    expect(processed()[0]?.status).toEqual(fine);
  });

  it.each([
    ['refused', () => from(anOrigin()), ['post message']],
    ['unreadable', () => ({ ...from(anOrigin()), value: Buffer.from('nonsense') }), []],
  ])('is an error where it can never be told: %s', async (type, message, posts) => {
    const notifier = await all.notifier();
    all.slack.failNext({ status: 400, body: 'invalid_blocks' });
    expect(await notifier.handle(message())).toBe('deadLettered');
    const [span] = processed();
    expect(span?.status).toMatchObject(failed);
    expect(span?.attributes).toMatchObject({ 'notifier.outcome': 'dead_lettered', 'error.type': type });
    expect(namesOf(traces.below(span))).toEqual(posts);
  });

  it('ends as left when its partition is not ours any more, and after a stop', async () => {
    const [notifier, revoking] = [await all.notifier(), new AbortController()];
    all.slack.failAlways({ status: 503 });
    const telling = [notifier.handle(from(anOrigin(), revoking.signal)), notifier.handle(from(anOrigin()))];
    await all.requests(1);
    revoking.abort();
    expect(await telling[0]).toBe('left');
    notifier.stop.abort();
    expect(await telling[1]).toBe('left');
    const fields = { status: { code: SpanStatusCode.UNSET }, attributes: { 'notifier.outcome': 'left' } };
    expect(processed()).toMatchObject([fields, fields]);
  });

  it('that is replayed begins a trace of its own, which links to the old one', async () => {
    const [notifier, origin] = [await all.notifier(), anOrigin()];
    await notifier.handle({ ...from(origin), topic: 'payment-event.notifier.replay' });
    expect(spansOf(origin)).toEqual([]);
    const [span] = traces.named('process payment-event.notifier.replay');
    expect(span?.parentSpanContext).toBeUndefined();
    expect(span?.links).toMatchObject([{ context: { traceId: origin.traceId, spanId: origin.spanId } }]);
    expect(namesOf(traces.below(span))).toEqual(['post message']);
  });
});

describe('the log', () => {
  const linesOf = ({ lines }: ANotifier) => lines.map(({ msg, trace_id: traceId }) => [msg, traceId]);

  it('has a line for what Slack made of a message, with its trace', async () => {
    const [notifier, origin] = [await all.notifier(), anOrigin()];
    all.slack.failNext({ status: 403 });
    all.slack.failNext({ status: 503 });
    const message = from(origin);
    await notifier.handle(message);
    expect(linesOf(notifier)).toEqual([
      ['the Slack webhook does not work; nothing is lost, messages wait', origin.traceId],
      ['Slack did not take a message; it is tried again', origin.traceId],
      ['told', origin.traceId],
    ]);
    expect(notifier.lines.at(-1)).toMatchObject({
      channel: 'default',
      messages: 1,
      id: message.headers['ce_id'],
      paymentId: message.headers['ce_subject'],
    });
  });

  it('has the trace of a message that is not kept, too: its other services log it as well', async () => {
    const [notifier, origin] = [await all.notifier(), anOrigin({ sampled: false })];
    await notifier.handle(from(origin));
    expect(linesOf(notifier)).toEqual([['told', origin.traceId]]);
  });

  it('says of each message of a digest that it may be a repeat, with its own trace; and of the digest, once', async () => {
    const [notifier, origins] = [await all.notifier(), [anOrigin(), anOrigin()]];
    const messages = origins.map((origin) => from(origin));
    // What a notifier left that was killed when it had posted them.
    await all.client.query(
      `insert into notifier.inbox (id, channel, state, owner, lease_until, post, post_size)
       select unnest($1::uuid[]), 'default', 'CLAIMED', 'killed', now(), (select gen_random_uuid()), 2`,
      [messages.map(({ headers }) => headers['ce_id'])],
    );
    await Promise.all(messages.map((message) => notifier.handle(message)));
    const repeat = 'an earlier claimant may have told this message, and did not mark it; it is told again';
    const [digest] = traces.named('post digest');
    expect(linesOf(notifier)).toEqual([
      ...origins.map(({ traceId }) => [repeat, traceId]),
      ['told', digest?.spanContext().traceId],
    ]);
  });

  it('has no trace where it is about the loop of a channel', async () => {
    const { proxy, url } = await all.proxied();
    const notifier = await all.notifier({ databaseUrl: url });
    await proxy.refuse();
    const telling = notifier.handle(from(anOrigin()));
    await logged(notifier, 'waiting for postgres');
    await proxy.accept();
    await telling;
    const waited = linesOf(notifier).filter(([msg]) => String(msg).includes('postgres'));
    expect(waited.map(([, traceId]) => traceId)).toEqual(waited.map(() => undefined));
  });
});

describe('a digest', () => {
  /** Tells messages of such traces in one digest: while the first post is held, they come to wait. */
  async function tellInDigest(origins: readonly (Origin | undefined)[]) {
    const notifier = await all.notifier({ digest: { above: 1 } });
    const held = all.slack.holdNext();
    const first = notifier.handle(from());
    await held.arrived;
    const telling = origins.map((origin) => notifier.handle(from(origin)));
    held.release();
    expect(await Promise.all([first, ...telling])).toEqual([first, ...telling].map(() => 'told'));
    expect(all.slack.received()).toHaveLength(2);
  }

  it('is a trace of its own, linked to its messages that are kept and from them, with its statements', async () => {
    const kept = [anOrigin(), anOrigin()];
    await tellInDigest([kept[0], undefined, kept[1], anOrigin({ sampled: false })]);
    const [digest] = traces.named('post digest');
    expect(digest?.parentSpanContext).toBeUndefined();
    expect(digest?.attributes).toEqual({
      'notifier.channel': 'default',
      'notifier.result': 'told',
      'messaging.batch.message_count': 4,
    });
    expect(linksOf(digest!)).toEqual(idsOf(processed()));
    expect(namesOf(traces.below(digest))).toEqual(['sql begin', 'sql mark']);
    for (const span of processed())
      expect(linksOf(span)).toEqual([span.parentSpanContext?.spanId, ...idsOf([digest!])].sort());
    expect(processed().map((span) => span.spanContext().traceId)).toEqual(kept.map(({ traceId }) => traceId));
    expect(traces.spans()).toHaveLength(5);
  });

  it('that is tried for long has a span each time; its messages link to some of them', async () => {
    const notifier = await all.notifier({ digest: { above: 1 } });
    const held = all.slack.holdNext();
    const first = notifier.handle(from());
    await held.arrived;
    const telling = [notifier.handle(from(anOrigin())), notifier.handle(from(anOrigin()))];
    for (let tries = 0; tries < 70; tries++) all.slack.failNext({ status: 429, retryAfterSeconds: 0.001 });
    held.release();
    await Promise.all([first, ...telling]);
    expect(traces.named('post digest')).toHaveLength(71);
    for (const span of processed()) expect(span.links).toHaveLength(1 + 64);
  });

  it('of messages whose traces are not kept has no span', async () => {
    await tellInDigest([anOrigin({ sampled: false }), undefined, anOrigin({ sampled: false })]);
    expect(traces.spans()).toEqual([]);
  });
});
