import { INVALID_SPAN_CONTEXT, TraceFlags } from '@opentelemetry/api';
import { describe, expect, it } from '@jest/globals';

import { createTracedHistogram, exemplarOf } from './exemplars.ts';

const sampled = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: TraceFlags.SAMPLED };
const later = { ...sampled, traceId: 'c'.repeat(32) };

/** Each test has a name of its own: exemplars are those of the process. */
const histogram = (name: string) =>
  createTracedHistogram({ meter: 'spec', name, description: 'for a spec', unit: 's', boundaries: [0.1, 1] });

describe('createTracedHistogram', () => {
  it('keeps the trace of a sampled value in its bucket alone', () => {
    histogram('one').record(0.5, { 'messaging.destination.name': 'payment-event' }, sampled);
    const bucket = (le: string) =>
      exemplarOf(`one_seconds_bucket{messaging_destination_name="payment-event",le="${le}"}`);
    expect(bucket('1')).toMatch(/^ # \{trace_id="a{32}",span_id="b{16}"\} 0\.5 \d{10}(\.\d{1,3})?$/);
    expect([bucket('0.1'), bucket('+Inf')]).toEqual([undefined, undefined]);
  });

  it.each([
    [0.1, '0.1'],
    [0.100001, '1'],
    [1, '1'],
    [1.1, '+Inf'],
  ])('puts %d into the bucket up to %s, bounds included', (value, le) => {
    const name = `bounds.${value}`;
    histogram(name).record(value, {}, sampled);
    expect(exemplarOf(`${name.replaceAll('.', '_')}_seconds_bucket{le="${le}"}`)).toBeDefined();
  });

  it('keeps the newest', () => {
    const { record } = histogram('newest');
    record(0.5, {}, sampled);
    record(0.6, {}, later);
    expect(exemplarOf('newest_seconds_bucket{le="1"}')).toContain(`trace_id="${later.traceId}"`);
  });

  it('keeps those of series that are still measured, not of all that ever were', () => {
    const { record } = histogram('many');
    const of = (topic: number) => exemplarOf(`many_seconds_bucket{topic="t-${topic}",le="1"}`);
    for (let topic = 0; topic < 20_000; topic++) {
      record(0.5, { topic: `t-${topic}` }, sampled);
      record(0.5, { topic: 't-0' }, sampled);
    }
    expect([of(0), of(1), of(19_999)]).toEqual([expect.anything(), undefined, expect.anything()]);
  });

  it('keeps nothing of a value without a trace, or of one that nobody can look at', () => {
    const { record } = histogram('none');
    record(0.5, {});
    record(0.5, {}, { ...sampled, traceFlags: TraceFlags.NONE });
    record(0.5, {}, { ...INVALID_SPAN_CONTEXT, traceFlags: TraceFlags.SAMPLED });
    expect(exemplarOf('none_seconds_bucket{le="1"}')).toBeUndefined();
  });
});
