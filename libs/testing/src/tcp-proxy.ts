import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A chunk of bytes on its way; where one ends and the next begins is up to TCP. */
export interface Passing {
  /** `request`: from the client to the server. `reply`: back. */
  direction: 'request' | 'reply';
  /** Number of the connection, from 1. */
  connection: number;
  bytes: Buffer;
}

/** What becomes of a chunk: it is passed on, or its connection is reset, or its connection passes nothing more. */
export type Verdict = 'pass' | 'cut' | 'hold';

/** A proxy in front of one server, on a loopback port of its own. */
export interface TcpProxy extends AsyncDisposable {
  port: number;
  /** `host:port`. */
  address: string;
  /** How many connections are open now. */
  connections: () => number;
  /** Resets all connections; new ones are taken. */
  cutAll: () => void;
  /** Takes no more connections (ECONNREFUSED) and resets those it has. */
  refuse: () => Promise<void>;
  /** Ends `refuse`, on the same port. */
  accept: () => Promise<void>;
  /** Connections stay open and pass nothing, either way, new ones included: a network that swallows. */
  hold: () => void;
  /** As `hold`, but for the connections of now alone: new ones pass, as after a failover that told nobody. */
  freeze: () => void;
  /** Passes on what was held, and all that follows. */
  release: () => void;
  /**
   * Asks `judge` about every chunk before it is passed on. Its first verdict other than `pass` is carried out, for that
   * connection alone, and the promise resolves with the chunk: one fault, and the proof that it hit its point.
   */
  faultWhen: (judge: (passing: Passing) => Verdict) => Promise<Passing>;
}

interface Link {
  number: number;
  client: Socket;
  upstream: Socket;
  held: boolean;
}

interface State {
  target: { host: string; port: number };
  links: Set<Link>;
  /** Every socket that is not closed yet, also of a link of which the other one is. */
  sockets: Set<Socket>;
  count: number;
  holding: boolean;
  fault: { judge: (passing: Passing) => Verdict; hit: (passing: Passing) => void } | undefined;
}

/** Starts a proxy to `target` (`host:port`) that passes every byte on until it is told otherwise. */
export async function tcpProxy(options: { target: string }): Promise<TcpProxy> {
  const { hostname, port: targetPort } = new URL(`tcp://${options.target}`);
  const target = { host: hostname, port: Number(targetPort) };
  const state: State = {
    target,
    links: new Set(),
    sockets: new Set(),
    count: 0,
    holding: false,
    fault: undefined,
  };
  const server = createServer({ pauseOnConnect: true }, (client) => {
    open(state, client);
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const refuse = async () => {
    const closed = server.listening ? once(server, 'close') : undefined;
    server.close();
    state.links.forEach(cut);
    // One that was paused when its other side closed hears of nothing any more.
    for (const socket of state.sockets) socket.destroy();
    await closed;
  };
  const port = await listen(0);
  return {
    port,
    address: `127.0.0.1:${port}`,
    connections: () => state.links.size,
    cutAll: () => {
      state.links.forEach(cut);
    },
    refuse,
    accept: async () => {
      if (!server.listening) await listen(port);
    },
    hold: () => {
      state.holding = true;
      state.links.forEach(hold);
    },
    freeze: () => {
      state.links.forEach(hold);
    },
    release: () => {
      state.holding = false;
      state.links.forEach(release);
    },
    faultWhen: (judge) =>
      new Promise((hit) => {
        state.fault = { judge, hit };
      }),
    [Symbol.asyncDispose]: refuse,
  };
}

function open(state: State, client: Socket): void {
  const upstream = connect(state.target);
  const link = { number: ++state.count, client, upstream, held: state.holding };
  state.links.add(link);
  pass(state, link, { direction: 'request', from: client, to: upstream });
  pass(state, link, { direction: 'reply', from: upstream, to: client });
  for (const socket of [client, upstream]) {
    state.sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {
      cut(link);
    });
    socket.on('close', () => {
      state.links.delete(link);
      state.sockets.delete(socket);
    });
  }
  if (!link.held) release(link);
}

type Way = { direction: Passing['direction']; from: Socket; to: Socket };

/** Passes bytes and the end of the stream, no faster than the receiver takes them. */
function pass(state: State, link: Link, { direction, from, to }: Way): void {
  from.on('data', (bytes) => {
    const verdict = judge(state, { direction, connection: link.number, bytes: Buffer.from(bytes) });
    if (verdict === 'cut') return cut(link);
    if (verdict === 'hold') return holdBack(link, from, bytes);
    if (!to.write(bytes)) from.pause();
  });
  to.on('drain', () => {
    if (!link.held) from.resume();
  });
  from.on('end', () => {
    to.end();
  });
}

function judge(state: State, passing: Passing): Verdict {
  const { fault } = state;
  const verdict = fault?.judge(passing) ?? 'pass';
  if (!fault || verdict === 'pass') return verdict;
  state.fault = undefined;
  fault.hit(passing);
  return verdict;
}

function holdBack(link: Link, from: Socket, bytes: string | Buffer): void {
  hold(link);
  from.unshift(bytes);
}

function hold(link: Link): void {
  link.held = true;
  link.client.pause();
  link.upstream.pause();
}

function release(link: Link): void {
  link.held = false;
  link.client.resume();
  link.upstream.resume();
}

function cut({ client, upstream }: Link): void {
  for (const socket of [client, upstream]) {
    // A socket that is being shut down cannot be reset; Node 24 then leaks it, and spins for ever when the process exits.
    const ending = socket.writableEnded && !socket.writableFinished;
    if (ending) socket.destroy();
    else socket.resetAndDestroy();
  }
}
