import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

import { metrics, TraceFlags } from '@opentelemetry/api';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { beforeAll, describe, expect, it } from '@jest/globals';

import { openHealth } from '../open-health.ts';
import { createTracedHistogram } from './exemplars.ts';
import { openMetricsReader } from './metrics-reader.ts';

const listen = { host: '127.0.0.1', port: 0 };
const sampled = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: TraceFlags.SAMPLED };
const openMetrics = 'application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.3';

async function scrape(address: string, accept = 'text/plain') {
  const response = await fetch(`http://${address}/metrics`, {
    headers: { accept },
    signal: AbortSignal.timeout(20_000),
  });
  const type = response.headers.get('content-type');
  return { status: response.status, type, text: await response.text() };
}

/** What Prometheus' own tool has against a page: nothing, if it is sound. */
async function complaintsOf(page: string): Promise<string> {
  const promtool = spawn('promtool', ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] });
  promtool.stdin.end(page);
  const said = Promise.all([promtool.stdout.toArray(), promtool.stderr.toArray()]);
  const [code] = (await once(promtool, 'close')) as [number];
  return code === 0 ? '' : Buffer.concat((await said).flat() as Buffer[]).toString();
}

const isPromtoolThere = spawnSync('promtool', ['--version']).status === 0;
// Debian's package `prometheus` brings it; in CI it is there.
const withPromtool = isPromtoolThere ? it : it.skip;

describe('/metrics without telemetry', () => {
  it('is 404, and says why', async () => {
    await using health = await openHealth({ listen });
    const { status, text } = await scrape(health.address);
    expect([status, text]).toEqual([404, 'telemetry is off: OTEL_SDK_DISABLED, or no preload\n']);
  });
});

describe('/metrics', () => {
  beforeAll(() => {
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [openMetricsReader({ withinMs: 100 })] }));
    const meter = metrics.getMeter('spec');
    meter
      .createCounter('outbox.published.messages', { description: 'acknowledged by Kafka' })
      .add(3, { topic: 't' });
    const options = {
      meter: 'spec',
      name: 'outbox.commit_to_ack',
      description: 'from append to acknowledgement',
    };
    const { record } = createTracedHistogram({ ...options, unit: 's', boundaries: [0.1, 1] });
    record(0.05, { topic: 't' });
    record(0.5, { topic: 't' }, sampled);
  });

  it('is in the text format', async () => {
    await using health = await openHealth({ listen });
    const { status, type, text } = await scrape(health.address);
    expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(text).toContain('\noutbox_published_messages_total{topic="t"} 3\n');
    expect(text).not.toContain('trace_id');
  });

  it('is OpenMetrics, with the trace of a bucket, for who asks as Prometheus does', async () => {
    await using health = await openHealth({ listen });
    const { status, type, text } = await scrape(health.address, openMetrics);
    expect([status, type]).toEqual([200, 'application/openmetrics-text; version=1.0.0; charset=utf-8']);
    expect(text).toMatch(
      /\noutbox_commit_to_ack_seconds_bucket\{topic="t",le="1"\} 2 # \{trace_id="a+",span_id="b+"\} 0\.5 /,
    );
    expect(text).toMatch(/\n# EOF\n$/);
  });

  it('leaves out what hangs or throws when it is observed, and nothing else, however many ask', async () => {
    await using health = await openHealth({ listen });
    const gauge = metrics.getMeter('spec').createObservableGauge('observed');
    const hanging = () => new Promise<never>(() => undefined);
    const throwing = () => {
      throw new Error('nobody knows');
    };
    for (const callback of [hanging, throwing]) gauge.addCallback(callback);
    const pages = await Promise.all([scrape(health.address), scrape(health.address)]);
    for (const callback of [hanging, throwing]) gauge.removeCallback(callback);
    for (const { status, text } of pages) {
      expect(status).toBe(200);
      expect(text).toContain('\noutbox_published_messages_total{topic="t"} 3\n');
      expect(text).not.toMatch(/^observed/m);
    }
  });

  it('says of each part whether it is ready, and of every part that was ever reported', async () => {
    await using health = await openHealth({ listen, parts: ['postgres', 'kafka'] });
    const readiness = async () => (await scrape(health.address)).text.match(/(?<=\nhealth_ready).*/g);
    health.ready('postgres');
    expect(await readiness()).toEqual(['{part="postgres"} 1', '{part="kafka"} 0']);
    health.ready('kafka');
    health.notReady('slack', 'the webhook is revoked');
    expect(await readiness()).toEqual(['{part="postgres"} 1', '{part="kafka"} 1', '{part="slack"} 0']);
    health.ready('slack');
    expect(await readiness()).toEqual(['{part="postgres"} 1', '{part="kafka"} 1', '{part="slack"} 1']);
  });

  it('says nothing of the parts of what was closed', async () => {
    const closed = await openHealth({ listen, parts: ['postgres'] });
    await closed[Symbol.asyncDispose]();
    await using health = await openHealth({ listen });
    expect((await scrape(health.address)).text).not.toContain('health_ready{');
  });

  withPromtool('is sound to promtool', async () => {
    await using health = await openHealth({ listen, parts: ['postgres'] });
    const { text } = await scrape(health.address);
    expect(await complaintsOf(text)).toBe('');
    // And promtool sees faults.
    expect(await complaintsOf(text.replace('messages_total{', 'messages_total{{'))).not.toBe('');
  });
});
