import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it } from '@jest/globals';
import { otlpReceiver, testServers } from '@payments/testing';
import type { OtlpReceiver, OtlpSpan } from '@payments/testing';

const secrets = /s3cret\w*/g;
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const caller = '00f067aa0ba902b7';
const traceparent = `00-${traceId}-${caller}-01`;

/** A webhook that keeps the `traceparent` of each request: two that belong to no trace, then two that do. */
async function openWebhook() {
  const traceparents: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    traceparents.push(request.headers['traceparent'] as string | undefined);
    request.resume().on('end', () => response.end('ok'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${address}/services/T0/s3cretWebhookPath?token=s3cretToken`,
    traceparents,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Runs telemetry.child.ts under the preload, as services are started, and gives what it printed and where it posted. */
async function runChild(
  env: Record<string, string>,
): Promise<{ output: string; posts: (string | undefined)[] }> {
  await using webhook = await openWebhook();
  const child = join(import.meta.dirname, 'telemetry.child.ts');
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--import', '@payments/runtime/telemetry', child, testServers().postgresUrl, webhook.url, traceparent],
    { env: { PATH: process.env['PATH'], ...env } },
  );
  return { output: stdout + stderr, posts: webhook.traceparents };
}

const to = (receiver: OtlpReceiver, protocol = 'http/json') => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
  OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
});

const attributeOf = (span: OtlpSpan | undefined, name: string) =>
  span?.attributes.find(({ key }) => key === name)?.value['stringValue'];

describe('the telemetry preload', () => {
  it('makes one trace of a call, its SQL and its HTTP requests, in a process of ES modules', async () => {
    await using receiver = await otlpReceiver();
    const { posts } = await runChild(to(receiver));
    const spans = receiver.spans();
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
    const [call] = spans.filter((span) => span.parentSpanId === caller);
    expect(call).toMatchObject({ name: 'Pay', kind: 2 });
    const below = spans.filter((span) => span.parentSpanId === call?.spanId);
    const queries = below.filter((span) => attributeOf(span, 'db.query.text'));
    expect(queries.map((span) => attributeOf(span, 'db.query.text'))).toEqual([
      'select $1::text as paid',
      'select $1::uuid',
    ]);
    const posted = below.filter(({ name, status }) => name === 'POST' && status?.code !== 2);
    expect(posted.map(({ spanId }) => `00-${traceId}-${spanId}-01`)).toEqual(posts.slice(2));
    const scopes = receiver.raw().match(/instrumentation-(undici|http)(?=")/g);
    expect(new Set(scopes)).toEqual(new Set(['instrumentation-undici', 'instrumentation-http']));
  });

  it('makes no span for queries and requests that belong to no trace', async () => {
    await using receiver = await otlpReceiver();
    const { posts } = await runChild(to(receiver));
    expect(posts).toHaveLength(4);
    expect(receiver.spans().length).toBeGreaterThan(0);
    expect(receiver.raw()).not.toContain('polled');
    expect(receiver.spans().filter((span) => span.traceId !== traceId)).toEqual([]);
  });

  it.each(['http/json', 'http/protobuf'])(
    'sends nothing of secret paths, of parameters and of what errors quote of them (%s)',
    async (protocol) => {
      await using receiver = await otlpReceiver();
      const { posts } = await runChild(to(receiver, protocol));
      expect(posts).toHaveLength(4);
      expect(receiver.raw()).toContain('/REDACTED');
      // PostgreSQL's code of a text that is no UUID, and Node's of a port where nobody listens.
      expect(receiver.raw()).toContain('22P02');
      expect(receiver.raw()).toContain('ECONNREFUSED');
      expect(receiver.raw().match(secrets)).toBeNull();
    },
  );

  it('says of an error its type alone', async () => {
    await using receiver = await otlpReceiver();
    await runChild(to(receiver));
    const failed = receiver.spans().filter(({ status }) => status?.code === 2);
    expect(failed.map((span) => attributeOf(span, 'error.type')).sort()).toEqual(['22P02', 'ECONNREFUSED']);
    expect(failed.map(({ status, events }) => [status, events ?? []])).toEqual([
      [{ code: 2 }, []],
      [{ code: 2 }, []],
    ]);
  });

  it('puts the trace id into the log', async () => {
    await using receiver = await otlpReceiver();
    const { output } = await runChild(to(receiver));
    expect(output).toContain(`"trace_id":"${traceId}"`);
  });

  it('calls the process by the folder of its app where the environment has no name for it', async () => {
    await using receiver = await otlpReceiver();
    await runChild(to(receiver));
    const named = /"service.name","value":\{"stringValue":"([^"]*)"/g;
    const names = () => [...receiver.raw().matchAll(named)].map(([, name]) => name);
    expect(new Set(names())).toEqual(new Set(['runtime']));
    await runChild({ ...to(receiver), OTEL_RESOURCE_ATTRIBUTES: 'service.name=cashier' });
    await runChild({ ...to(receiver), OTEL_SERVICE_NAME: 'till' });
    expect(new Set(names())).toEqual(new Set(['runtime', 'cashier', 'till']));
  });

  it('sends nothing and says nothing without an endpoint, and hands the traceparent on', async () => {
    const { output, posts } = await runChild({});
    expect(output.trim().split('\n')).toHaveLength(1);
    expect(posts).toEqual([undefined, undefined, traceparent, traceparent]);
  });

  it('does nothing at all with OTEL_SDK_DISABLED=true', async () => {
    await using receiver = await otlpReceiver();
    const { output, posts } = await runChild({ ...to(receiver), OTEL_SDK_DISABLED: 'true' });
    expect(output.trim().split('\n')).toHaveLength(1);
    expect(receiver.raw()).toBe('');
    expect(posts).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('ends the start on a bad variable, which it names', async () => {
    await expect(runChild({ OTEL_TRACES_SAMPLER: 'sometimes' })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^OTEL_TRACES_SAMPLER must be one of [\w, ]+\n$/),
    });
  });

  it('ends long before its exporter gives up a collector that never answers', async () => {
    await using receiver = await otlpReceiver('is silent');
    const before = performance.now();
    const patient = { OTEL_EXPORTER_OTLP_TIMEOUT: '60000', OTEL_BSP_EXPORT_TIMEOUT: '60000' };
    await runChild({ ...to(receiver), ...patient });
    expect(receiver.spans().length).toBeGreaterThan(0);
    // The exporter itself would give up after 60 s; the start of a process is within it.
    expect(performance.now() - before).toBeLessThan(25_000);
  });
});
