import { SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { expect, it } from '@jest/globals';

import { failSpan } from './fail-span.ts';

it.each([
  ['BROKER_NOT_AVAILABLE', 'BROKER_NOT_AVAILABLE'],
  [new RangeError('u-1042 has no 15000'), 'RangeError'],
  [{ message: 'u-1042' }, '_OTHER'],
])('a span that failed says the type of the failure, and nothing else: %p', (failure, type) => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const span = provider.getTracer('spec').startSpan('work');
  failSpan(span, failure);
  span.end();
  const [ended] = exporter.getFinishedSpans();
  expect(ended).toMatchObject({ attributes: { 'error.type': type }, events: [] });
  expect(ended?.status).toEqual({ code: SpanStatusCode.ERROR });
});
