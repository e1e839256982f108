import { SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from '@jest/globals';
import { KafkaError } from '@payments/kafka';
import type { Producer } from '@payments/kafka';
import { requestRepublish } from '@payments/outbox';
import { eventually, throwAwayTopic } from '@payments/testing';

import { relaying } from '../relaying.fixture.ts';
import { keepSpans, linkedTo, traceparent, traceparentOf } from './kept-spans.fixture.ts';

/** Messages each appended in a trace of its own. */
const sampled = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    key: `r-${index}`,
    text: `${index}`,
    headers: { traceparent: traceparent(index) },
  }));
const untraced = { traceparent: traceparent(77, { sampled: false }), tracestate: 'vendor=1' };
const contextOf = (span: ReadableSpan | undefined) => span && traceparentOf(span.spanContext());
const parentOf = (span: ReadableSpan | undefined) =>
  span?.parentSpanContext && traceparentOf(span.parentSpanContext);

describe('a trace through the relay', () => {
  it('has one send for a batch of 50, below and beside the spans of its messages', async () => {
    await using made = await throwAwayTopic();
    await using outbox = await relaying();
    using kept = keepSpans();
    await outbox.append(made.topic, [...sampled(50), { key: 'quiet', text: '', headers: untraced }]);
    outbox.start();
    const arrived = await outbox.read(made.topic, 51);
    await eventually(() => expect(kept.creates()).toHaveLength(50));
    const creates = Map.groupBy(kept.creates(), (span) => span.attributes['kafka.message.key']);
    for (const { key, text, headers } of sampled(50)) {
      const [create] = creates.get(key) ?? [];
      expect(parentOf(create)).toBe(headers.traceparent);
      const message = arrived.find(({ value }) => value.toString() === text);
      expect(message?.headers['traceparent']).toBe(contextOf(create));
    }
    const quiet = arrived.find(({ key }) => key === 'quiet');
    expect(quiet?.headers).toMatchObject(untraced);
    const [send, ...others] = kept.sends();
    expect(others).toEqual([]);
    expect(send?.attributes['messaging.batch.message_count']).toBe(51);
    expect(send && linkedTo(send).toSorted()).toEqual(kept.creates().map(contextOf).toSorted());
    for (const create of kept.creates()) expect(linkedTo(create)).toEqual([contextOf(send)]);
    expect(kept.all()).toHaveLength(51);
  });

  it('is not there for what is not sampled', async () => {
    await using made = await throwAwayTopic();
    await using outbox = await relaying();
    using kept = keepSpans();
    await outbox.append(made.topic, [
      { key: 'a', text: 'unsampled', headers: untraced },
      {
        key: 'a',
        text: 'malformed',
        headers: { traceparent: 'nonsense of fifty-five characters or a few more, and 01' },
      },
      { key: 'a', text: 'none' },
    ]);
    outbox.start();
    const arrived = await outbox.read(made.topic, 3);
    expect(arrived.map(({ headers }) => headers['traceparent'])).toEqual([
      untraced.traceparent,
      'nonsense of fifty-five characters or a few more, and 01',
      undefined,
    ]);
    expect(kept.all()).toEqual([]);
  });

  it('goes on in a trace of its own for a row that waited for a day, and for a replay', async () => {
    await using made = await throwAwayTopic();
    await using outbox = await relaying();
    using kept = keepSpans();
    await outbox.append(made.topic, sampled(1));
    await outbox.client.query(`update outbox.message set created_at = now() - interval '1 day'`);
    outbox.start({ RELAY_POLL_MS: '20' });
    await eventually(() => expect(kept.creates()).toHaveLength(1));
    await requestRepublish(outbox.client, { since: new Date(0) });
    const arrived = await outbox.read(made.topic, 2);
    await eventually(() => expect(kept.creates()).toHaveLength(2));
    for (const create of kept.creates()) {
      expect(parentOf(create)).toBeUndefined();
      expect(linkedTo(create)[0]).toBe(traceparent(0));
    }
    expect(arrived.map(({ headers }) => headers['traceparent'])).toEqual(kept.creates().map(contextOf));
  });

  it('holds every try of a batch, and hands on the same context with each', async () => {
    await using made = await throwAwayTopic();
    await using outbox = await relaying();
    using kept = keepSpans();
    await outbox.append(made.topic, sampled(2));
    let lost = 0;
    outbox.start({}, (producer) => ({
      ...producer,
      send: async (...args: Parameters<Producer['send']>) => {
        await producer.send(...args);
        if (lost++ === 0) throw new KafkaError('NETWORK_EXCEPTION', 'the reply was lost');
      },
    }));
    const arrived = await outbox.read(made.topic, 4);
    await eventually(() => expect(kept.creates()).toHaveLength(2));
    const [failed, again] = kept.sends();
    expect(failed?.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(failed?.attributes['error.type']).toBe('NETWORK_EXCEPTION');
    expect(again?.status.code).toBe(SpanStatusCode.UNSET);
    for (const create of kept.creates()) expect(linkedTo(create)).toEqual([failed, again].map(contextOf));
    const contexts = arrived.map(({ headers }) => headers['traceparent']);
    expect(contexts.toSorted()).toEqual([...kept.creates(), ...kept.creates()].map(contextOf).toSorted());
  });

  it('says that a message was refused, and why, in its own span alone', async () => {
    await using made = await throwAwayTopic('spec', { config: { 'max.message.bytes': '2000' } });
    await using outbox = await relaying();
    using kept = keepSpans();
    const [good, bad] = sampled(2);
    if (!good || !bad) throw new Error('there are two');
    await outbox.append(made.topic, [good, { ...bad, text: 'x'.repeat(5000) }]);
    const relay = outbox.start();
    await eventually(() => expect(relay.published()).toBe(1));
    const outcomes = kept
      .creates()
      .map(({ attributes, status }) => [
        attributes['kafka.message.key'],
        status.code,
        attributes['error.type'],
      ]);
    expect(outcomes.toSorted()).toEqual([
      [good.key, SpanStatusCode.UNSET, undefined],
      [bad.key, SpanStatusCode.ERROR, 'MESSAGE_TOO_LARGE'],
    ]);
  });

  it('ends with the session, and begins anew with the next one, for a batch that no checkpoint tells of', async () => {
    await using made = await throwAwayTopic();
    await using outbox = await relaying();
    using kept = keepSpans();
    await outbox.append(made.topic, sampled(1));
    let away = true;
    const relay = outbox.start({ RELAY_POLL_MS: '20' }, (producer) => ({
      ...producer,
      send: (...args) =>
        away ? Promise.reject(new KafkaError('KafkaJSConnectionError', 'refused')) : producer.send(...args),
    }));
    await eventually(() => expect(kept.sends().length).toBeGreaterThan(0));
    expect(kept.creates()).toEqual([]);
    await eventually(async () => expect(await outbox.cutRelay()).toBe(1));
    await eventually(() => expect(relay.lines.join('\n')).toContain('postgres failed'));
    away = false;
    await eventually(() => expect(relay.published()).toBe(1));
    const ends = kept.creates().map(({ attributes }) => attributes['error.type']);
    expect(ends).toEqual(['batch_forgotten', undefined]);
    const parents = kept.creates().map(parentOf);
    expect(parents).toEqual([traceparent(0), traceparent(0)]);
  });
});
