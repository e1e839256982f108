import { TraceFlags } from '@opentelemetry/api';
import { describe, expect, it } from '@jest/globals';

import { createTracedHistogram } from './exemplars.ts';
import { toOpenMetrics } from './open-metrics.ts';

describe('toOpenMetrics', () => {
  it('names the family of a counter without _total, and its series with it', () => {
    const text = [
      '# HELP outbox_published_messages_total messages acknowledged by Kafka',
      '# TYPE outbox_published_messages_total counter',
      'outbox_published_messages_total{topic="payment-event"} 3',
      '',
    ].join('\n');
    expect(toOpenMetrics(text)).toBe(
      [
        '# HELP outbox_published_messages messages acknowledged by Kafka',
        '# TYPE outbox_published_messages counter',
        'outbox_published_messages_total{topic="payment-event"} 3',
        '# EOF',
        '',
      ].join('\n'),
    );
  });

  it('leaves other families as they are, and other comments and empty lines out', () => {
    const text =
      '# no registered metrics\n\n# HELP total_lag all of it\n# TYPE total_lag gauge\ntotal_lag 1\n';
    expect(toOpenMetrics(text)).toBe(
      '# HELP total_lag all of it\n# TYPE total_lag gauge\ntotal_lag 1\n# EOF\n',
    );
  });

  it('adds the exemplar of a bucket behind its value', () => {
    const options = { meter: 'spec', name: 'wait', description: 'for a spec', unit: 's', boundaries: [1] };
    const sampled = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: TraceFlags.SAMPLED };
    createTracedHistogram(options).record(0.5, { topic: 'a b' }, sampled);
    const lines = [
      'wait_seconds_bucket{topic="a b",le="1"} 1',
      'wait_seconds_bucket{topic="a b",le="+Inf"} 1',
    ];
    const [first, second] = toOpenMetrics(lines.join('\n')).split('\n');
    expect(first).toMatch(
      /^wait_seconds_bucket\{topic="a b",le="1"\} 1 # \{trace_id="a+",span_id="b+"\} 0\.5 [\d.]+$/,
    );
    expect(second).toBe(lines[1]);
  });
});
