import { context, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';

import { inSpan } from './in-span.ts';

const exporter = new InMemorySpanExporter();
const tracer = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }).getTracer(
  'spec',
);
const ended = () => exporter.getFinishedSpans();

beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterEach(() => exporter.reset());
afterAll(() => context.disable());

it('works in the context of the span, which ends after the work', async () => {
  const span = tracer.startSpan('work', {}, ROOT_CONTEXT);
  const seen = await inSpan(span, ROOT_CONTEXT, async () => {
    await Promise.resolve();
    return [trace.getActiveSpan(), ended().length];
  });
  expect(seen).toEqual([span, 0]);
  expect(ended()).toMatchObject([{ name: 'work', status: { code: SpanStatusCode.UNSET } }]);
});

it('fails with the work, whose error goes on to the caller', async () => {
  const error = new RangeError('it has no 15000');
  const span = tracer.startSpan('work', {}, ROOT_CONTEXT);
  await expect(inSpan(span, ROOT_CONTEXT, () => Promise.reject(error))).rejects.toBe(error);
  const status = { code: SpanStatusCode.ERROR };
  expect(ended()).toMatchObject([{ status, attributes: { 'error.type': 'RangeError' } }]);
});
