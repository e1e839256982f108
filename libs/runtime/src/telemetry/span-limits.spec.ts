import { afterEach, describe, expect, it } from '@jest/globals';

import { spanLimitsOf } from './span-limits.ts';

const nothing = { linkCountLimit: undefined, attributeValueLengthLimit: undefined };
const variables = ['OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT'];

describe('the limits of a span', () => {
  afterEach(() => variables.forEach((name) => Reflect.deleteProperty(process.env, name)));

  it('are ours where the environment says nothing', () => {
    const ours = { linkCountLimit: 1000, attributeValueLengthLimit: 4096 };
    expect(spanLimitsOf(ours)).toEqual(ours);
    expect(spanLimitsOf(nothing)).toEqual({});
  });

  it('are what the environment says of spans, else of anything', () => {
    process.env['OTEL_ATTRIBUTE_COUNT_LIMIT'] = '7';
    expect(spanLimitsOf(nothing)).toEqual({ attributeCountLimit: 7 });
    process.env['OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT'] = '5';
    expect(spanLimitsOf(nothing)).toEqual({ attributeCountLimit: 5 });
  });
});
