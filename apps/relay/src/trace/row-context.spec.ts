import { trace } from '@opentelemetry/api';
import { describe, expect, it } from '@jest/globals';

import { contextOf, inContextOf, isSampled } from './row-context.ts';

const ids = '0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331';
const own = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), traceFlags: 1 };

describe('the trace of a row', () => {
  it.each([
    ['00', false],
    ['01', true],
    ['02', false],
    ['03', true],
    ['ff', true],
  ])('with the flags %s is kept: %s', (flags, kept) => {
    expect(isSampled({ traceparent: `00-${ids}-${flags}` })).toBe(kept);
  });

  it.each(['', '01', 'no traceparent', `00-${ids}-`, `00-${ids}-zz`, '\u0000'.repeat(60)])(
    'is not there where its traceparent is %j',
    (traceparent) => expect(isSampled({ traceparent })).toBe(false),
  );

  it.each([`xx-${ids}-01`, `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, `00-${ids}-01-more`])(
    'has no context where its traceparent is %j, whatever stands for its flags',
    (traceparent) => expect(contextOf({ traceparent })).toBeUndefined(),
  );

  it('is not there without a traceparent', () => {
    expect(isSampled({ tracestate: 'a=1' })).toBe(false);
  });
});

describe('the headers of a traced message', () => {
  const appended = { traceparent: `00-${ids}-01`, tracestate: 'vendor=1,other=2', ce_source: '/spec' };

  it('have the context of the span, and the tracestate that came to it from the row', () => {
    const context = contextOf(appended);
    const traceState = context && trace.getSpanContext(context)?.traceState;
    const span = trace.wrapSpanContext({ ...own, ...(traceState && { traceState }) });
    expect(inContextOf(span, appended)).toEqual({
      traceparent: `00-${own.traceId}-${own.spanId}-01`,
      tracestate: 'vendor=1,other=2',
      ce_source: '/spec',
    });
  });

  it('have no tracestate of a trace that the message left', () => {
    expect(inContextOf(trace.wrapSpanContext(own), appended)).not.toHaveProperty('tracestate');
  });

  it('have no empty tracestate in place of one that nobody can read', () => {
    const headers = { ...appended, tracestate: '???' };
    const context = contextOf(headers);
    const traceState = context && trace.getSpanContext(context)?.traceState;
    const span = trace.wrapSpanContext({ ...own, ...(traceState && { traceState }) });
    expect(inContextOf(span, headers)).not.toHaveProperty('tracestate');
  });
});
