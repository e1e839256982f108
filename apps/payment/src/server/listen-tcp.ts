import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { formatHostPort } from '@payments/runtime';
import type { HostPort } from '@payments/runtime';

/** How long a connection may take to say the first thing, in milliseconds. */
const greetingMs = 5_000;

/** How many connections that have said nothing yet are kept. One more, and the oldest of them goes. */
const mostSilent = 1_000;

/** A listening port that hands on connections which have begun to speak. */
export type TcpListener = {
  port: number;
  /** How many connections that were handed on are open. */
  connections: () => number;
  /** Takes no more connections, and ends those that have said nothing. Resolves when all others have ended. */
  close: () => Promise<void>;
  /** Cuts off every connection that is left. */
  cut: () => void;
};

/**
 * Listens. A connection costs little until its peer has sent `greetingBytes` (HTTP/2's preface, or what a TLS record
 * starts with); then it is handed to `accept`, with what was read put back. A peer that stays silent is cut off, and any
 * number of them leaves the others' connections alone: neither grpc-js nor Node's http2 has a bound for that.
 * @throws Error that names the address when it cannot be listened on
 */
export const listenTcp = async (options: {
  listen: HostPort;
  greetingBytes: number;
  accept: (socket: Socket) => void;
  log?: (line: string) => void;
}): Promise<TcpListener> => {
  const silent = new Set<Socket>();
  const accepted = new Set<Socket>();
  const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    untilGreeted(socket, { bytes: options.greetingBytes, silent }, () => {
      accepted.add(socket);
      socket.once('close', () => accepted.delete(socket));
      options.accept(socket);
    });
  });
  const port = await start(server, options.listen);
  // Such as no more file descriptors: those who are connected go on.
  server.on('error', (error) => options.log?.(`cannot take a connection: ${error.message}`));
  const close = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    server.close(() => resolve());
    for (const socket of silent) socket.destroy();
    return promise;
  };
  const cut = () => {
    for (const socket of accepted) socket.destroy();
  };
  return { port, connections: () => accepted.size, close, cut };
};

const untilGreeted = (
  socket: Socket,
  { bytes, silent }: { bytes: number; silent: Set<Socket> },
  greeted: () => void,
): void => {
  const drop = () => void socket.destroy();
  const timer = setTimeout(drop, greetingMs);
  const forget = () => {
    clearTimeout(timer);
    silent.delete(socket);
    socket.off('readable', look).off('error', drop).off('close', forget);
  };
  const look = () => {
    // Readable without anything to read: the peer has closed.
    if (socket.readableLength === 0) drop();
    if (socket.destroyed || socket.readableLength < bytes) return;
    forget();
    greeted();
  };
  silent.add(socket);
  const [oldest] = silent;
  if (silent.size > mostSilent) oldest?.destroy();
  socket.on('readable', look).on('error', drop).on('close', forget);
};

const start = async (server: Server, listen: HostPort): Promise<number> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(listen.port, listen.host, resolve);
  await promise.catch((error: unknown) => {
    const address = formatHostPort(listen);
    throw new Error(`cannot serve gRPC on ${address} (GRPC_LISTEN): ${String(error)}`, { cause: error });
  });
  server.off('error', reject);
  return (server.address() as AddressInfo).port;
};
