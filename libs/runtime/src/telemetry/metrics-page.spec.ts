import { metrics, TraceFlags } from '@opentelemetry/api';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { beforeAll, describe, expect, it } from '@jest/globals';

import { createTracedHistogram } from './exemplars.ts';
import { metricsPage } from './metrics-page.ts';
import { openMetricsReader } from './metrics-reader.ts';

const meter = () => metrics.getMeter('spec');
const sampled = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: TraceFlags.SAMPLED };
const openMetrics = 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5';

describe('metricsPage', () => {
  it('is not there before there are metrics', async () => {
    expect(await metricsPage()).toBeUndefined();
  });

  describe('of a meter provider', () => {
    beforeAll(() => {
      metrics.setGlobalMeterProvider(new MeterProvider({ readers: [openMetricsReader()] }));
    });

    it('names instruments as Prometheus does, units and all', async () => {
      meter()
        .createCounter('outbox.published.messages', { description: 'acknowledged' })
        .add(2, { topic: 't' });
      meter().createHistogram('rpc.server.call.duration', { unit: 's' }).record(0.2, { 'rpc.method': 'Pay' });
      meter()
        .createObservableGauge('outbox.lag', { unit: 's' })
        .addCallback((result) => result.observe(7));
      const { contentType, text } = (await metricsPage()) ?? { contentType: '', text: '' };
      expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
      const lines = text.split('\n');
      expect(lines).toContain('# HELP outbox_published_messages_total acknowledged');
      expect(lines).toContain('outbox_published_messages_total{topic="t"} 2');
      expect(lines).toContain('rpc_server_call_duration_seconds_count{rpc_method="Pay"} 1');
      expect(lines).toContain('outbox_lag_seconds 7');
      expect(text.endsWith('\n')).toBe(true);
    });

    it('shows exemplars to who asks for OpenMetrics, and to nobody else', async () => {
      const options = {
        meter: 'spec',
        name: 'outbox.commit_to_ack',
        description: 'd',
        unit: 's',
        boundaries: [1, 5],
      };
      createTracedHistogram(options).record(2, { topic: 'payment-event', 'server.address': 'k' }, sampled);
      const text = (await metricsPage())?.text ?? '';
      const page = (await metricsPage(openMetrics)) ?? { contentType: '', text: '' };
      expect(text).not.toContain('trace_id');
      expect(page.contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
      const withExemplar = page.text
        .split('\n')
        .filter((line) => line.includes(`{trace_id="${sampled.traceId}"`));
      expect(withExemplar).toEqual([
        expect.stringMatching(
          /^outbox_commit_to_ack_seconds_bucket\{topic="payment-event",server_address="k",le="5"\} 1 # /,
        ),
      ]);
      expect(page.text.endsWith('\n# EOF\n')).toBe(true);
    });

    it('leaves out a series that is not observed any more, or whose observation fails, and no other', async () => {
      const lags = new Map([
        [0, 5],
        [1, 7],
      ]);
      let away = false;
      meter()
        .createObservableGauge('lag')
        .addCallback((result) => {
          for (const [partition, lag] of lags) result.observe(lag, { partition });
        });
      meter()
        .createObservableGauge('age')
        .addCallback(async (result) => {
          await Promise.resolve();
          if (away) throw new Error('the database is away');
          result.observe(3);
        });
      const series = async () => (await metricsPage())?.text.match(/^(lag|age)\b.*/gm);
      expect(await series()).toEqual(['lag{partition="0"} 5', 'lag{partition="1"} 7', 'age 3']);
      expect(await series()).toEqual(['lag{partition="0"} 5', 'lag{partition="1"} 7', 'age 3']);
      lags.delete(0);
      away = true;
      expect(await series()).toEqual(['lag{partition="1"} 7']);
    });

    it('repeats what is set once, and not observed', async () => {
      meter().createGauge('retention').record(168);
      await metricsPage();
      expect((await metricsPage())?.text).toContain('\nretention 168\n');
    });
  });
});
