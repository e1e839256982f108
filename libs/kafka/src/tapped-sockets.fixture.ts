import type { Socket } from 'node:net';

import { connectSocket } from './sockets.ts';
import type { SocketFactory } from './sockets.ts';

/** The api key of a produce request: bytes 4 and 5 of a request, behind its length. */
const produceKey = 0;

/** What a spec does to the connections of a client. */
export type Tap = {
  socketFactory: SocketFactory;
  /** Connections opened so far. */
  opened: () => number;
  /** Produce requests written so far, each with the port it went to. */
  produced: () => readonly number[];
  /**
   * Cuts the connection in place of handing the reply to a produce request over. The reply has come, so the broker has
   * appended the messages. Resolves when that has happened `times` times.
   */
  cutReplies: (times: number) => Promise<void>;
  /**
   * Swallows the replies to produce requests from here on; the connection stays open. A reply that has come says that the broker
   * has appended the messages: `one` resolves when the first was swallowed. `stop` lets replies through again.
   */
  swallowReplies: () => { one: Promise<void>; stop: () => void };
  /** Holds produce requests to `port` back until what `until` returns has happened. */
  holdProduce: (port: number, until: () => Promise<void>) => void;
};

/** Connections that do what a spec says to produce requests and their replies. */
export function tapSockets(): Tap {
  const produced: number[] = [];
  let opened = 0;
  let cuts = { left: 0, done: () => undefined as void };
  let swallowed: (() => void) | undefined;
  const holds = new Map<number, () => Promise<void>>();

  /** The fate of the reply to a produce request. True: it does not arrive. */
  const intercept = (socket: Socket): boolean => {
    if (cuts.left > 0) {
      cuts.left -= 1;
      socket.destroy(new Error('cut off in place of the reply'));
      if (cuts.left === 0) cuts.done();
      return true;
    }
    swallowed?.();
    return swallowed !== undefined;
  };

  const tap = (socket: Socket, port: number): Socket => {
    let replyDue = false;
    const emit = socket.emit.bind(socket);
    socket.emit = (event: string | symbol, ...rest: unknown[]) => {
      if (event !== 'data' || !replyDue) return emit(event, ...rest);
      replyDue = false;
      return intercept(socket) || emit(event, ...rest);
    };
    const write = socket.write.bind(socket) as (chunk: Buffer, encoding: BufferEncoding) => boolean;
    socket.write = ((chunk: Buffer, encoding: BufferEncoding) => {
      if (chunk.readInt16BE(4) !== produceKey) return write(chunk, encoding);
      replyDue = true;
      produced.push(port);
      const hold = holds.get(port);
      holds.delete(port);
      if (!hold) return write(chunk, encoding);
      void hold().then(() => write(chunk, encoding));
      return true;
    }) as Socket['write'];
    return socket;
  };

  return {
    socketFactory: (options) => {
      opened += 1;
      return tap(connectSocket(options), options.port);
    },
    opened: () => opened,
    produced: () => produced,
    cutReplies: (times) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      cuts = { left: times, done: resolve };
      return promise;
    },
    swallowReplies: () => {
      const { promise: one, resolve } = Promise.withResolvers<void>();
      swallowed = resolve;
      return { one, stop: () => void (swallowed = undefined) };
    },
    holdProduce: (port, until) => void holds.set(port, until),
  };
}
