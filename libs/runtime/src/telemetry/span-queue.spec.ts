import { ROOT_CONTEXT, TraceFlags } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import type { ExportResult } from '@opentelemetry/core';
import { AlwaysOffSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from '@jest/globals';

import { openSpanQueue } from './span-queue.ts';

const taken: ExportResult = { code: ExportResultCode.SUCCESS };
const refused: ExportResult = {
  code: ExportResultCode.FAILED,
  error: Object.assign(new Error(''), { code: 'ECONNREFUSED' }),
};

/** An exporter that keeps what it is given until the spec says what became of it; one batch is under way at a time. */
function heldExporter() {
  const batches: { spans: ReadableSpan[]; done: (result: ExportResult) => void }[] = [];
  const exporter: SpanExporter = {
    export: (spans, done) => void batches.push({ spans, done }),
    shutdown: () => Promise.resolve(),
  };
  return { exporter, batches };
}

/** A queue of 8 spans, sent by 4, with a tracer in front of it; it sends no batch before it is full. */
function openQueue() {
  const { exporter, batches } = heldExporter();
  const news: string[] = [];
  const clock = { ms: 0 };
  const queue = openSpanQueue({
    exporter,
    batches: {
      maxQueueSize: 8,
      maxExportBatchSize: 4,
      scheduledDelayMillis: 3_600_000,
      exportTimeoutMillis: 60_000,
    },
    news: { away: (reason) => news.push(`away: ${reason}`), back: (lost) => news.push(`back, ${lost} lost`) },
    now: () => clock.ms,
  });
  const tracer = new TracerProvider({ spanProcessors: [queue] }).getTracer('spec');
  let made = 0;
  const end = async (result: ExportResult) => {
    batches.shift()?.done(result);
    await new Promise(setImmediate);
  };
  return {
    queue,
    news,
    clock,
    batches,
    make: (count: number) => {
      for (let i = 0; i < count; i++) tracer.startSpan(`span ${made++}`).end();
    },
    /** Ends the batches that a test leaves under way: each has a timer. */
    [Symbol.asyncDispose]: async () => {
      const closed = queue.shutdown();
      await new Promise(setImmediate);
      while (batches.length > 0) await end(taken);
      await closed;
    },
    /** Says what became of the oldest batch that is under way, and lets the queue go on. */
    end,
  };
}

describe('openSpanQueue', () => {
  it('sends batches in the order of their ends, one after the other', async () => {
    await using opened = openQueue();
    const { make, batches, end } = opened;
    make(8);
    expect(batches.map(({ spans }) => spans.map(({ name }) => name))).toEqual([
      ['span 0', 'span 1', 'span 2', 'span 3'],
    ]);
    await end(taken);
    expect(batches.map(({ spans }) => spans.map(({ name }) => name))).toEqual([
      ['span 4', 'span 5', 'span 6', 'span 7'],
    ]);
    await end(taken);
  });

  it('tells once that the sending fails, and once that it goes on, with what was lost', async () => {
    await using opened = openQueue();
    const { make, news, end } = opened;
    make(4);
    await end(refused);
    make(4);
    await end(refused);
    expect(news).toEqual(['away: ECONNREFUSED']);
    make(4);
    await end(taken);
    make(4);
    await end(taken);
    expect(news).toEqual(['away: ECONNREFUSED', 'back, 8 lost']);
  });

  it('tells once a minute of a sending that fails every now and then, with all that was lost', async () => {
    await using opened = openQueue();
    const { make, news, end, clock } = opened;
    const send = async (result: ExportResult) => {
      make(4);
      await end(result);
    };
    for (let batch = 0; batch < 100; batch++) await send(batch % 2 === 0 ? refused : taken);
    expect(news).toEqual(['away: ECONNREFUSED', 'back, 4 lost']);
    clock.ms = 60_000;
    for (let batch = 0; batch < 100; batch++) await send(taken);
    expect(news.slice(2)).toEqual(['away: ECONNREFUSED', 'back, 196 lost']);
  });

  it('drops and counts what finds the queue full, and nothing else', async () => {
    await using opened = openQueue();
    const { make, news, batches, end } = opened;
    // Four are under way, eight wait, three are too many.
    make(15);
    await end(refused);
    await end(taken);
    expect(batches[0]?.spans.map(({ name }) => name)).toEqual(['span 8', 'span 9', 'span 10', 'span 11']);
    await end(taken);
    expect(news).toEqual(['away: ECONNREFUSED', 'back, 7 lost']);
  });

  it('tells of a collector that is too slow when spans are lost to it, not with every batch', async () => {
    await using opened = openQueue();
    const { make, news, end } = opened;
    make(15);
    await end(taken);
    make(5);
    await end(taken);
    make(4);
    await end(taken);
    expect(news).toEqual(['away: spans come faster than the collector takes them']);
    await end(taken);
    // Three found the queue full, then one of five.
    expect(news.slice(1)).toEqual([expect.stringMatching(/^back, \d lost$/)]);
  });

  it('keeps nothing of spans that are not sampled', async () => {
    await using opened = openQueue();
    const { queue, batches } = opened;
    const provider = new TracerProvider({ spanProcessors: [queue], sampler: new AlwaysOffSampler() });
    const spans = Array.from({ length: 20 }, () =>
      provider.getTracer('spec').startSpan('poll', {}, ROOT_CONTEXT),
    );
    for (const span of spans) span.end();
    expect(spans[0]?.spanContext().traceFlags).toBe(TraceFlags.NONE);
    expect(batches).toEqual([]);
  });

  it('hands over what waits when it is shut down', async () => {
    await using opened = openQueue();
    const { make, queue, batches } = opened;
    make(2);
    const closed = queue.shutdown();
    await new Promise(setImmediate);
    expect(batches[0]?.spans).toHaveLength(2);
    batches[0]?.done(taken);
    await closed;
  });
});
