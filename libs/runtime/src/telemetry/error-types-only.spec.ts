import { SpanStatusCode, trace } from '@opentelemetry/api';
import type { Exception, Span } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from '@jest/globals';

import { withErrorTypesOnly } from './error-types-only.ts';

/** A span of the SDK, as an instrumentation makes one. */
function ended(work: (span: Span) => void): ReadableSpan {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const span = provider.getTracer('spec').startSpan('work', { attributes: { 'db.query.text': 'select $1' } });
  work(span);
  span.end();
  return exporter.getFinishedSpans()[0] as ReadableSpan;
}

const failed = (exception: Exception, attributes = {}) =>
  ended((span) => {
    span.setAttributes(attributes).recordException(exception);
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'it refuses s3cret' });
  });

const shown = ({ status, events, attributes }: ReadableSpan) =>
  JSON.stringify({ status, events, attributes });

describe('withErrorTypesOnly', () => {
  it('leaves a span without an error as it is', () => {
    const span = ended((span) => span.addEvent('retried', { attempt: 2 }));
    expect(withErrorTypesOnly(span)).toBe(span);
  });

  it('takes the message out of the status, and exceptions with their stacks out of the events', () => {
    const span = withErrorTypesOnly(failed(new TypeError('cannot read s3cret')));
    expect(shown(span)).not.toContain('s3cret');
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(span.events).toEqual([]);
    expect(span.attributes).toEqual({ 'db.query.text': 'select $1', 'error.type': 'TypeError' });
  });

  it('keeps other events', () => {
    const span = ended((span) => {
      span.addEvent('retried', { attempt: 2 });
      span.recordException(new Error('s3cret'));
    });
    expect(withErrorTypesOnly(span).events.map(({ name }) => name)).toEqual(['retried']);
  });

  it("says PostgreSQL's code of what instrumentation-pg records, and the class where there is no code", () => {
    const typeOf = (exception: Exception) => withErrorTypesOnly(failed(exception)).attributes['error.type'];
    expect(typeOf("PostgreSQL error of type 'error' occurred (code: 22P02)")).toBe('22P02');
    expect(typeOf("PostgreSQL error of type 'Error' occurred (code: UNKNOWN)")).toBe('Error');
    expect(typeOf("PostgreSQL error of type 'AggregateError' occurred (code: ECONNREFUSED)")).toBe(
      'ECONNREFUSED',
    );
  });

  it('leaves a type that the span has', () => {
    const span = withErrorTypesOnly(failed(new Error('s3cret'), { 'error.type': '503' }));
    expect(span.attributes['error.type']).toBe('503');
  });

  it('makes no type of what is not one word', () => {
    const span = failed({ name: 'the card of s3cret was refused', message: 'no' });
    expect(shown(withErrorTypesOnly(span))).not.toContain('s3cret');
    expect(withErrorTypesOnly(failed('s3cret happened')).attributes).toEqual({
      'db.query.text': 'select $1',
    });
  });

  it('is a span to an exporter: what it does not change is there', () => {
    const span = failed(new Error('s3cret'));
    const view = withErrorTypesOnly(span);
    expect(view.spanContext()).toEqual(span.spanContext());
    expect(trace.isSpanContextValid(view.spanContext())).toBe(true);
    const facts = ({ name, kind, duration, ended, startTime, links, resource }: ReadableSpan) => [
      name,
      kind,
      duration,
      ended,
      startTime,
      links,
      resource,
    ];
    expect(facts(view)).toEqual(facts(span));
    expect(span.status.message).toBe('it refuses s3cret');
  });
});
