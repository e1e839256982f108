import net from 'node:net';
import tls from 'node:tls';

import type { ISocketFactory } from 'kafkajs';

/** Opens a connection to a broker; kafkajs's own type, so that a spec can put something between. */
export type SocketFactory = ISocketFactory;

/** Every socket of one client, so that all of them can be cut at once. */
export type Sockets = {
  open: SocketFactory;
  /** Cuts every connection now, with no reply awaited, and refuses new ones. */
  destroy(): void;
};

const keepAliveMs = 30_000;

/** Opens a TCP or TLS connection to a broker. No delay: a request is one write, and its reply is waited for. */
export const connectSocket: SocketFactory = ({ host, port, ssl, onConnect }) => {
  // kafkajs's types say that `ssl` is always there; it is undefined without TLS.
  const options = ssl as typeof ssl | undefined;
  const serverName = net.isIP(host) ? {} : { servername: host };
  const socket = options
    ? tls.connect({ host, port, ...serverName, ...options }, onConnect)
    : net.connect({ host, port }, onConnect);
  return socket.setKeepAlive(true, keepAliveMs).setNoDelay(true);
};

/**
 * Keeps hold of the sockets that kafkajs opens. kafkajs's own `disconnect` waits for the replies that are still due,
 * and its error handling reconnects by itself: neither may happen to a producer that was thrown away.
 */
export function trackSockets(connect: SocketFactory): Sockets {
  const open = new Set<net.Socket>();
  let destroyed = false;
  return {
    open: (options) => {
      if (destroyed) throw new Error('this client was thrown away');
      const socket = connect(options);
      open.add(socket);
      socket.once('close', () => open.delete(socket));
      return socket;
    },
    destroy: () => {
      destroyed = true;
      // With an error, since kafkajs listens for that and not for `close`: it rejects what is due and drops its timers.
      for (const socket of open) socket.destroy(new Error('thrown away'));
    },
  };
}
