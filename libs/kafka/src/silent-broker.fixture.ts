import { once } from 'node:events';
import net from 'node:net';
import type { AddressInfo } from 'node:net';

/** For specs: what takes connections and requests, and never answers. */
export async function silentBroker() {
  const sockets = new Set<net.Socket>();
  const asked = Promise.withResolvers<void>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.on('data', () => asked.resolve());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    /** Resolves when the first bytes of a request are there. */
    asked: asked.promise,
    /** How many connections are open. */
    connections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
