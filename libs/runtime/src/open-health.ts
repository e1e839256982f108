import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { metrics } from '@opentelemetry/api';
import type { ObservableResult } from '@opentelemetry/api';

import { formatHostPort } from './config-fields.ts';
import type { HostPort } from './config-fields.ts';
import { metricsPage } from './telemetry/metrics-page.ts';

/** What a process says about itself over HTTP. Closes with `await using`. */
export type Health = AsyncDisposable & {
  /** The real address, `host:port`, also when port 0 was asked for. */
  address: string;
  /** The part works: it no longer keeps the process from being ready. */
  ready(part: string): void;
  /** The part does not work, for this reason: `/readyz` is 503 and says so until {@link ready} is called. */
  notReady(part: string, reason: string): void;
};

/**
 * Serves `/livez` (200 as long as the process lives, whatever it waits for: a restart would not bring the database
 * back), `/readyz` (200 when every part is ready, else 503 with each part's reason on a line of its own) and `/metrics`,
 * in Prometheus' formats. Whether a part is ready is also the metric `health_ready`.
 * @param options.parts what must be ready before the process is; each is "starting" until it is reported
 * @param options.stop once aborted, `/readyz` is 503, so that a load balancer sends nothing new
 * @throws an error that names the address when it cannot be listened on
 */
export async function openHealth(options: {
  listen: HostPort;
  parts?: readonly string[];
  stop?: AbortSignal;
}): Promise<Health> {
  const reasons = new Map((options.parts ?? []).map((part) => [part, 'starting']));
  const unready = () => [
    ...(options.stop?.aborted ? ['process: stopping'] : []),
    ...[...reasons].map(([part, reason]) => `${part}: ${reason}`),
  ];
  const known = new Set(options.parts);
  const measured = measureParts(() => [...known].map((part) => [part, !reasons.has(part)]));
  const server = createServer((request, response) => void answer(request, response, unready()));
  const address = await listen(server, options.listen);
  return {
    address,
    ready: (part) => void reasons.delete(part),
    notReady: (part, reason) => {
      known.add(part);
      reasons.set(part, reason);
    },
    [Symbol.asyncDispose]: async () => {
      measured[Symbol.dispose]();
      await close(server);
    },
  };
}

/** A part that was ever reported stays in the metric: a series that ends looks like a process that ended. */
function measureParts(parts: () => [string, boolean][]): Disposable {
  const gauge = metrics.getMeter('@payments/runtime').createObservableGauge('health.ready', {
    description: '1 where a part of the process is ready, 0 where /readyz says why it is not',
  });
  const observe = (result: ObservableResult) => {
    for (const [part, ready] of parts()) result.observe(ready ? 1 : 0, { part });
  };
  gauge.addCallback(observe);
  return { [Symbol.dispose]: () => gauge.removeCallback(observe) };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  unready: readonly string[],
): Promise<void> {
  const path = request.url?.split('?')[0] ?? '';
  switch (path) {
    case '/livez':
      return send(response, 200, 'ok');
    case '/readyz':
      return unready.length > 0 ? send(response, 503, unready.join('\n')) : send(response, 200, 'ok');
    case '/metrics':
      return await sendMetrics(request, response);
    default:
      return send(response, 404, 'there are /livez, /readyz and /metrics here');
  }
}

async function sendMetrics({ headers }: IncomingMessage, response: ServerResponse): Promise<void> {
  const page = await metricsPage(headers.accept).catch((error: unknown) => String(error));
  if (page === undefined) return send(response, 404, 'telemetry is off: OTEL_SDK_DISABLED, or no preload');
  if (typeof page === 'string') return send(response, 500, page);
  response.writeHead(200, { 'content-type': page.contentType, 'cache-control': 'no-store' });
  response.end(page.text);
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
  response.end(`${text}\n`);
}

async function listen(server: Server, wanted: HostPort): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(wanted.port, wanted.host, resolve);
  await promise.catch((error: unknown) => {
    throw new Error(`cannot serve health on ${formatHostPort(wanted)} (HTTP_LISTEN): ${String(error)}`, {
      cause: error,
    });
  });
  const { address, port } = server.address() as AddressInfo;
  return formatHostPort({ host: address, port });
}

function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  return promise;
}
