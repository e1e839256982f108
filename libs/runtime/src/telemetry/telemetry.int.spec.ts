import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it } from '@jest/globals';
import { testServers } from '@payments/testing';

const secret = 's3cretWebhookPath';
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;

type Span = {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  attributes: { key: string; value: { stringValue?: string } }[];
};

/** A real OTLP/HTTP receiver that is the webhook too. Keeps every span request as it came over the wire. */
async function openReceiver({ answers = true } = {}) {
  const received: Buffer[] = [];
  const posts: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url !== '/v1/traces') posts.push(request.headers['traceparent'] as string | undefined);
      else received.push(Buffer.concat(chunks));
      if (answers || request.url !== '/v1/traces') response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    posts,
    raw: () => Buffer.concat(received).toString('latin1'),
    spans: () => received.flatMap((body) => spansOf(body.toString())),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function spansOf(json: string): Span[] {
  const body = JSON.parse(json) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
  return body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

/** Runs telemetry.child.ts under the preload, as services are started, and gives what it printed. */
async function runChild(webhookHost: string, env: Record<string, string>): Promise<string> {
  const child = join(import.meta.dirname, 'telemetry.child.ts');
  const webhook = `${webhookHost}/services/T0/${secret}?token=${secret}`;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--import', '@payments/runtime/telemetry', child, testServers().postgresUrl, webhook, traceparent],
    { env: { PATH: process.env['PATH'], ...env } },
  );
  return stdout + stderr;
}

const json = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_SERVICE_NAME: 'child' };

describe('the telemetry preload', () => {
  it('makes one trace of a gRPC call, its SQL and its HTTP request, in a process of ES modules', async () => {
    await using receiver = await openReceiver();
    await runChild(receiver.url, { ...json, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    const spans = receiver.spans().filter((span) => span.traceId === traceId);
    const childrenOf = (parent?: string) => spans.filter((span) => span.parentSpanId === parent);
    const [client] = childrenOf('00f067aa0ba902b7');
    const [server] = childrenOf(client?.spanId);
    expect([client?.name, server?.name]).toEqual(Array(2).fill('grpc.test.v1.TestService/Pay'));
    const names = childrenOf(server?.spanId).map(({ name }) => name);
    expect(names).toEqual([expect.stringMatching(/^pg\.query:SELECT/), 'POST']);
    expect(receiver.posts.at(-1)).toContain(traceId);
  });

  it('makes no span for queries and requests that belong to no trace', async () => {
    await using receiver = await openReceiver();
    await runChild(receiver.url, { ...json, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    expect(receiver.raw()).not.toContain('polled');
    expect(receiver.spans().map(({ name }) => name)).not.toContain('GET');
  });

  it.each(['http/json', 'http/protobuf'])('sends nothing of a secret webhook path (%s)', async (protocol) => {
    await using receiver = await openReceiver();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: protocol };
    await runChild(receiver.url, env);
    expect(receiver.posts).toHaveLength(2);
    expect(receiver.raw()).toContain('/REDACTED');
    expect(receiver.raw()).not.toContain(secret);
  });

  it('puts the trace id into the log', async () => {
    await using receiver = await openReceiver();
    const output = await runChild(receiver.url, { ...json, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    expect(output).toContain(`"trace_id":"${traceId}"`);
  });

  it('sends nothing and says nothing without an endpoint, and hands the traceparent on', async () => {
    await using receiver = await openReceiver();
    const output = await runChild(receiver.url, {});
    expect(output.trim().split('\n')).toHaveLength(1);
    expect(receiver.spans()).toEqual([]);
    expect(receiver.posts.at(-1)).toContain(traceId);
  });

  it('does nothing at all with OTEL_SDK_DISABLED=true', async () => {
    await using receiver = await openReceiver();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_SDK_DISABLED: 'true' };
    expect((await runChild(receiver.url, env)).trim().split('\n')).toHaveLength(1);
    expect(receiver.spans()).toEqual([]);
    expect(receiver.posts).toEqual([undefined, undefined]);
  });

  it('ends long before its exporter gives up a collector that never answers', async () => {
    await using receiver = await openReceiver({ answers: false });
    const before = performance.now();
    const patient = { OTEL_EXPORTER_OTLP_TIMEOUT: '60000', OTEL_BSP_EXPORT_TIMEOUT: '60000' };
    await runChild(receiver.url, { ...json, ...patient, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    expect(receiver.spans().length).toBeGreaterThan(0);
    // The exporter itself would give up after 60 s; the start of a process is within it.
    expect(performance.now() - before).toBeLessThan(25_000);
  });
});
