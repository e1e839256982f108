import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { formatHostPort } from './config-fields.ts';
import type { HostPort } from './config-fields.ts';

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
 * back) and `/readyz` (200 when every part is ready, else 503 with each part's reason on a line of its own).
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
  const server = createServer((request, response) => answer(request, response, unready()));
  const address = await listen(server, options.listen);
  return {
    address,
    ready: (part) => void reasons.delete(part),
    notReady: (part, reason) => void reasons.set(part, reason),
    [Symbol.asyncDispose]: () => close(server),
  };
}

function answer(request: IncomingMessage, response: ServerResponse, unready: readonly string[]): void {
  const path = request.url?.split('?')[0];
  if (path === '/livez') return send(response, 200, 'ok');
  if (path !== '/readyz') return send(response, 404, 'there are /livez and /readyz here');
  if (unready.length > 0) return send(response, 503, unready.join('\n'));
  send(response, 200, 'ok');
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
