import { constants } from 'node:http2';
import type { ServerHttp2Session } from 'node:http2';
import type { Server } from '@grpc/grpc-js';
import { isWithin } from '@payments/runtime';
import { http2ServersOf } from './http2-servers.ts';

/** How long a peer may take to answer that it has heard, in milliseconds. */
const crossingMs = 1_000;

/** No stream has a higher number: none is refused yet. */
const highestStream = 2 ** 31 - 1;

/** The HTTP/2 connections of a server. */
export type Http2Sessions = {
  /** Tells every peer to open no more streams here. Resolves when they have heard; streams that crossed this are in. */
  sayGoodbye: () => Promise<unknown>;
};

/**
 * Ends connections at an age of `maxAgeMs` milliseconds (a tenth more or less, so that those of one moment do not end in
 * one moment), first kindly: no more streams, please; then, once that was heard, for good; and after `graceMs` by force.
 *
 * This is the graceful shutdown of RFC 9113, 6.8, in two steps. grpc-js 1.14 sends both GOAWAYs in one breath, and the
 * streams that cross the second are refused: connect-node tells those as INTERNAL, which nobody repeats.
 */
export const watchSessions = (
  server: Server,
  { maxAgeMs, graceMs }: { maxAgeMs: number; graceMs: number },
): Http2Sessions => {
  const sessions = new Set<ServerHttp2Session>();
  const onSession = (session: ServerHttp2Session) => {
    sessions.add(session);
    const age = setTimeout(() => void retire(session, graceMs), maxAgeMs * (0.9 + Math.random() / 5)).unref();
    session.once('close', () => {
      clearTimeout(age);
      sessions.delete(session);
    });
  };
  for (const http2Server of http2ServersOf(server)) http2Server.on('session', onSession);
  return { sayGoodbye: () => Promise.all([...sessions].map(sayGoodbye)) };
};

/** The answer to a ping that follows GOAWAY says that it has come, and that every stream before it has, too. */
const sayGoodbye = async (session: ServerHttp2Session): Promise<void> => {
  if (session.closed || session.destroyed) return;
  const { promise: heard, resolve } = Promise.withResolvers<void>();
  session.once('close', resolve);
  session.goaway(constants.NGHTTP2_NO_ERROR, highestStream);
  session.ping(() => resolve());
  await isWithin(heard, crossingMs);
};

const retire = async (session: ServerHttp2Session, graceMs: number): Promise<void> => {
  const destroy = setTimeout(() => session.destroy(), graceMs).unref();
  session.once('close', () => clearTimeout(destroy));
  await sayGoodbye(session);
  session.close();
};
