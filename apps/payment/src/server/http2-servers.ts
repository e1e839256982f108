import type { Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Server } from '@grpc/grpc-js';

/** The http2 servers of a grpc-js server, once it has a place to take connections from. It has no door to them. */
export const http2ServersOf = (server: Server): Http2Server[] => [
  ...(server as unknown as { http2Servers: Map<Http2Server, unknown> }).http2Servers.keys(),
];

type OnStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, ...more: unknown[]) => void;

/**
 * Keeps streams that are over from grpc-js 1.14. A peer that sends headers and their cancellation in one packet opens a
 * stream that is closed when it is heard of, and grpc-js answers a wrong content-type or an unknown method without a look:
 * Node throws, nobody catches it, and one packet has ended the process.
 */
export const ignoreDeadStreams = (server: Server): void => {
  for (const http2Server of http2ServersOf(server)) {
    const listeners = http2Server.listeners('stream') as OnStream[];
    http2Server.removeAllListeners('stream');
    http2Server.on('stream', (stream, headers, ...more: unknown[]) => {
      if (stream.destroyed || stream.closed) return;
      for (const listener of listeners) listener.call(http2Server, stream, headers, ...more);
    });
  }
};
