import { SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from '@jest/globals';
import { KafkaError } from '@payments/kafka';
import type { KafkaMessage } from '@payments/kafka';
import type { Batch, RelayMessage } from '@payments/outbox';

import { toKafkaMessage } from '../to-kafka-message.ts';
import { keepSpans, linkedTo, traceparent, traceparentOf } from './kept-spans.fixture.ts';
import { traceBatches } from './trace-batches.ts';

const nowMs = 1_000_000_000;
const minutes = 60_000;

const row = (number: number, over: Partial<RelayMessage> = {}): RelayMessage => ({
  lane: 0,
  seq: BigInt(number),
  id: `id-${number}`,
  topic: 'payment-event',
  key: `r-${number}`,
  type: 'Happened',
  payload: Buffer.from('1234'),
  headers: { ce_source: '/spec', traceparent: traceparent(number) },
  createdAt: new Date(nowMs - 1000),
  ...over,
});
const rows = (count: number) => Array.from({ length: count }, (_, index) => row(index));
const unsampled = (number: number) =>
  row(number, { headers: { traceparent: traceparent(number, { sampled: false }) } });
const batchOf = (messages: RelayMessage[], kind: Batch['kind'] = 'LOG') => ({ kind, messages });
const refusalOf = (message: RelayMessage, code: string) =>
  ({ message, cause: 'MESSAGE', code, error: `no: ${code}` }) as const;
const taken = () => Promise.resolve();

/** Delivers a batch by one send. @returns the headers that Kafka got */
async function deliverTo(
  traces: ReturnType<typeof traceBatches>,
  batch: ReturnType<typeof batchOf>,
  send: (events: readonly KafkaMessage[]) => Promise<void> = taken,
) {
  const { toEvent, traced, settle } = traces.of(batch);
  const events = batch.messages.map(toEvent);
  await traced(send)(events);
  settle([]);
  return events.map(({ headers }) => headers);
}

const failing = () => Promise.reject(new KafkaError('NOT_LEADER_FOR_PARTITION', 'moved'));

describe('a message on its way to Kafka', () => {
  it('has a span below the one that appended it, and hands its context on', async () => {
    using kept = keepSpans();
    const [headers] = await deliverTo(
      traceBatches(() => nowMs),
      batchOf([row(1)]),
    );
    const [create] = kept.creates();
    expect(create).toMatchObject({ name: 'create payment-event', kind: SpanKind.PRODUCER });
    expect(create?.parentSpanContext && traceparentOf(create.parentSpanContext)).toBe(traceparent(1));
    expect(headers?.['traceparent']).toBe(create && traceparentOf(create.spanContext()));
    expect(create?.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'create',
      'messaging.operation.type': 'create',
      'messaging.destination.name': 'payment-event',
      'messaging.message.id': 'id-1',
      'messaging.message.body.size': 4,
      'kafka.message.key': 'r-1',
      'cloudevents.event_id': 'id-1',
      'cloudevents.event_source': '/spec',
      'cloudevents.event_type': 'Happened',
      'cloudevents.event_subject': 'r-1',
      'cloudevents.event_spec_version': '1.0',
    });
  });

  it('has no span where its row is not sampled, has no trace or a malformed one, and goes as it is', async () => {
    using kept = keepSpans();
    const malformed = row(2, { headers: { traceparent: `${traceparent(2)}-what` } });
    const messages = [unsampled(1), malformed, row(3, { headers: {} })];
    const headers = await deliverTo(
      traceBatches(() => nowMs),
      batchOf(messages),
    );
    expect(headers).toEqual(messages.map((message) => toKafkaMessage(message).headers));
    expect(kept.all()).toEqual([]);
  });

  it('keeps the context of its row where nobody collects spans, or a sampler wants none', async () => {
    const late = row(2, { createdAt: new Date(0) });
    const expected = [traceparent(1), traceparent(2)];
    const off = await deliverTo(
      traceBatches(() => nowMs),
      batchOf([row(1), late]),
    );
    expect(off.map(({ traceparent: parent }) => parent)).toEqual(expected);
    using kept = keepSpans({ sampler: new AlwaysOffSampler() });
    const unwanted = await deliverTo(
      traceBatches(() => nowMs),
      batchOf([row(1), late]),
    );
    expect(unwanted.map(({ traceparent: parent }) => parent)).toEqual(expected);
    expect(kept.all()).toEqual([]);
  });

  it.each([
    ['is a replay', row(1), 'REPUBLISH'],
    ['is older than 15 minutes', row(1, { createdAt: new Date(nowMs - 15 * minutes - 1) }), 'LOG'],
    ['was parked for longer than that', row(1, { createdAt: new Date(nowMs - 16 * minutes) }), 'RELEASE'],
  ] as const)(
    'begins a trace of its own, linked to the one of its row, where it %s',
    async (_, message, kind) => {
      using kept = keepSpans();
      const withState = { ...message, headers: { ...message.headers, tracestate: 'vendor=1' } };
      const [headers] = await deliverTo(
        traceBatches(() => nowMs),
        batchOf([withState], kind),
      );
      const [create] = kept.creates();
      expect(create?.parentSpanContext).toBeUndefined();
      expect(create?.spanContext().traceId).not.toBe(traceparent(1).slice(3, 35));
      expect(create && linkedTo(create)[0]).toBe(traceparent(1));
      expect(headers?.['traceparent']).toBe(create && traceparentOf(create.spanContext()));
      expect(headers).not.toHaveProperty('tracestate');
    },
  );

  it.each([
    ['LOG', 15 * minutes],
    ['RELEASE', 14 * minutes],
  ] as const)('goes on with its trace where it is not, as a %s of %i ms', async (kind, age) => {
    using kept = keepSpans();
    await deliverTo(
      traceBatches(() => nowMs),
      batchOf([row(1, { createdAt: new Date(nowMs - age) })], kind),
    );
    expect(kept.creates()[0]?.parentSpanContext?.traceId).toBe(traceparent(1).slice(3, 35));
  });
});

describe('a send to Kafka', () => {
  it('is one span for a batch of 50, linked to each of its messages, and they to it', async () => {
    using kept = keepSpans();
    await deliverTo(
      traceBatches(() => nowMs),
      batchOf([...rows(50), unsampled(50)]),
    );
    const [send, ...others] = kept.sends();
    expect(others).toEqual([]);
    expect(send).toMatchObject({ name: 'send payment-event', kind: SpanKind.CLIENT });
    expect(send?.parentSpanContext).toBeUndefined();
    expect(send?.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'payment-event',
      'messaging.batch.message_count': 51,
    });
    const creates = kept.creates();
    expect(send && linkedTo(send)).toEqual(creates.map((create) => traceparentOf(create.spanContext())));
    expect(creates.flatMap(linkedTo)).toEqual(
      Array<string | undefined>(50).fill(send && traceparentOf(send.spanContext())),
    );
  });

  it('is a child of the message where only one is traced', async () => {
    using kept = keepSpans();
    await deliverTo(
      traceBatches(() => nowMs),
      batchOf([unsampled(1), row(2), unsampled(3)]),
    );
    const [create] = kept.creates();
    expect(kept.sends()[0]?.parentSpanContext?.spanId).toBe(create?.spanContext().spanId);
  });

  it('names no topic where there are several', async () => {
    using kept = keepSpans();
    await deliverTo(
      traceBatches(() => nowMs),
      batchOf([row(1), row(2, { topic: 'other' })]),
    );
    expect(kept.sends().map(({ name }) => name)).toEqual(['send']);
    expect(kept.sends()[0]?.attributes).not.toHaveProperty(['messaging.destination.name']);
    expect(kept.creates().map(({ name }) => name)).toEqual(['create payment-event', 'create other']);
  });

  it('lets nothing below it make a span, traced or not', async () => {
    using kept = keepSpans();
    const seen: boolean[] = [];
    const send = () => {
      seen.push(isTracingSuppressed(context.active()));
      trace.getTracer('client').startSpan('create of a client').end();
      return taken();
    };
    const traces = traceBatches(() => nowMs);
    await deliverTo(traces, batchOf([row(1)]), send);
    await deliverTo(traces, batchOf([unsampled(1)]), send);
    expect(seen).toEqual([true, true]);
    expect(kept.all()).toHaveLength(2);
  });

  it('is a failed span each time it fails, while the messages keep theirs and their context', async () => {
    using kept = keepSpans();
    const traces = traceBatches(() => nowMs);
    const batch = batchOf(rows(2));
    const sent: (string | undefined)[][] = [];
    const send = (events: readonly KafkaMessage[]) => {
      sent.push(events.map(({ headers }) => headers['traceparent']));
      return sent.length < 3 ? failing() : taken();
    };
    await expect(deliverTo(traces, batch, send)).rejects.toThrow('moved');
    await expect(deliverTo(traces, batch, send)).rejects.toThrow('moved');
    expect(kept.creates()).toEqual([]);
    await deliverTo(traces, batch, send);
    expect(sent[1]).toEqual(sent[0]);
    expect(sent[2]).toEqual(sent[0]);
    const [first, second, third] = kept.sends();
    const failed = { code: SpanStatusCode.ERROR };
    expect([first?.status, second?.status, third?.status.code]).toEqual([
      failed,
      failed,
      SpanStatusCode.UNSET,
    ]);
    expect(first?.attributes['error.type']).toBe('NOT_LEADER_FOR_PARTITION');
    expect(kept.creates().map(({ status }) => status.code)).toEqual([
      SpanStatusCode.UNSET,
      SpanStatusCode.UNSET,
    ]);
    expect(kept.creates().map((create) => linkedTo(create))).toEqual(
      Array(2).fill(kept.sends().map((span) => traceparentOf(span.spanContext()))),
    );
  });

  it('that came through is known to its messages after any number of failed ones, of which they know some', async () => {
    using kept = keepSpans();
    const traces = traceBatches(() => nowMs);
    const batch = batchOf(rows(2));
    for (let tries = 0; tries < 200; tries++)
      await expect(deliverTo(traces, batch, failing)).rejects.toThrow('moved');
    await deliverTo(traces, batch);
    const last = kept.sends().at(-1);
    for (const create of kept.creates()) {
      expect(create.links.length).toBeLessThan(100);
      expect(linkedTo(create).at(-1)).toBe(last && traceparentOf(last.spanContext()));
    }
    expect(kept.creates()).toHaveLength(2);
  });

  it('is a span of its own for each part of a batch that holds a traced message', async () => {
    using kept = keepSpans();
    const messages = [row(0), row(1), unsampled(2), row(3)];
    const { toEvent, traced } = traceBatches(() => nowMs).of(batchOf(messages));
    const events = messages.map(toEvent);
    for (const part of [events.slice(0, 2), events.slice(2, 3), events.slice(3)]) await traced(taken)(part);
    expect(kept.sends().map(({ links }) => links.length)).toEqual([2, 1]);
  });
});

describe('the end of a batch', () => {
  it('ends the spans of its messages, as failed where they were refused', () => {
    using kept = keepSpans();
    const [good, bad] = [row(1), row(2)];
    const { settle } = traceBatches(() => nowMs).of(batchOf([good, bad]));
    const acknowledged = settle([refusalOf(bad, 'MESSAGE_TOO_LARGE')]);
    expect(kept.creates().map(({ status, attributes }) => [status.code, attributes['error.type']])).toEqual([
      [SpanStatusCode.UNSET, undefined],
      [SpanStatusCode.ERROR, 'MESSAGE_TOO_LARGE'],
    ]);
    expect([...acknowledged.keys()]).toEqual([good]);
  });

  it('comes to a batch that was given up when there is another one, and its messages begin anew', async () => {
    using kept = keepSpans();
    const traces = traceBatches(() => nowMs);
    await expect(deliverTo(traces, batchOf(rows(1)), failing)).rejects.toThrow();
    expect(kept.creates()).toEqual([]);
    await deliverTo(traces, batchOf(rows(1)));
    const [forgotten, again, ...others] = kept.creates();
    expect(forgotten?.attributes['error.type']).toBe('batch_forgotten');
    expect(again?.status.code).toBe(SpanStatusCode.UNSET);
    expect(again?.spanContext().spanId).not.toBe(forgotten?.spanContext().spanId);
    expect(others).toEqual([]);
  });

  it('comes when it is forgotten, and once', async () => {
    using kept = keepSpans();
    const traces = traceBatches(() => nowMs);
    await expect(deliverTo(traces, batchOf(rows(1)), failing)).rejects.toThrow();
    traces.forget();
    traces.forget();
    await deliverTo(traces, batchOf(rows(1)));
    traces.forget();
    expect(kept.creates().map(({ status }) => status.code)).toEqual([
      SpanStatusCode.ERROR,
      SpanStatusCode.UNSET,
    ]);
    expect(kept.complaints).toEqual([]);
  });
});
