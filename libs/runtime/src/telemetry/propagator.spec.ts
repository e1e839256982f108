import { afterEach, describe, expect, it } from '@jest/globals';

import { openPropagator } from './propagator.ts';

describe('what a request carries', () => {
  afterEach(() => void Reflect.deleteProperty(process.env, 'OTEL_PROPAGATORS'));

  it.each([
    [undefined, ['traceparent', 'tracestate', 'baggage']],
    ['tracecontext', ['traceparent', 'tracestate']],
    ['b3', ['b3']],
    ['b3multi', ['x-b3-traceid', 'x-b3-spanid', 'x-b3-flags', 'x-b3-sampled', 'x-b3-parentspanid']],
    ['tracecontext, xray,baggage', ['traceparent', 'tracestate', 'baggage']],
    ['none', []],
  ])('is, with OTEL_PROPAGATORS=%s: %j', async (names, fields) => {
    if (names !== undefined) process.env['OTEL_PROPAGATORS'] = names;
    expect((await openPropagator()).fields()).toEqual(fields);
  });
});
