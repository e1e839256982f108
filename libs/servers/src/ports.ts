import { createServer } from 'node:net';
import getPort, { portNumbers } from 'get-port';
import { ServerError } from './server-error.ts';

/** Every server of this package listens on loopback only. */
export const loopback = '127.0.0.1';

// Below the ephemeral range of Linux and macOS: a server that is stopped and started again must find its port
// untouched by somebody's outgoing connection. Each process begins at a place of its own.
const lowest = 15_000;
const highest = 32_000;
const blockSize = 64;

/** A port of loopback that nobody listens on, not handed out by this process within the last half minute. */
export function freePort(): Promise<number> {
  const blocks = Math.floor((highest - lowest) / blockSize) - 1;
  const from = lowest + (process.pid % blocks) * blockSize;
  return getPort({ host: loopback, port: portNumbers(from, highest) });
}

/** Whether nobody listens on `port` now, found out by listening for a moment. Rejects when it cannot be listened on at all. */
export function isPortFree(port: number, host = loopback): Promise<boolean> {
  const probe = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  probe.once('error', (error: NodeJS.ErrnoException) =>
    error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
  );
  probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(true)));
  return promise;
}

/** @throws ServerError `port-taken`, naming the port and the remedy. */
export async function requireFreePort(port: number, server: string): Promise<void> {
  const barred = (why: string, cause?: unknown) =>
    new ServerError('port-taken', `${server} cannot listen on ${loopback}:${port}, since ${why}.`, { cause });
  const free = await isPortFree(port).catch((error: Error) => {
    throw barred(`that is refused (${error.message}): ask for another port`, error);
  });
  if (!free) throw barred('another process does: end that one or ask for another port');
}
