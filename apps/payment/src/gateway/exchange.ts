import { once } from 'node:events';
import http from 'node:http';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';

/** One request to send. */
export type ExchangeRequest = {
  url: URL;
  method: 'GET' | 'POST';
  headers: Readonly<Record<string, string>>;
  body?: string;
};

/** Why there is no answer: our own time was up, the caller broke it off, or the error's code (`ECONNRESET`). */
export type Trouble = 'TIMEOUT' | 'ABORTED' | (string & {});

/**
 * What became of a request.
 * - NO_CONNECTION: certainly no byte of it was sent.
 * - LOST: some of it may have been sent, and no whole answer came back.
 * - `body` is undefined where it is longer than is read.
 */
export type Exchange =
  | { kind: 'ANSWERED'; status: number; retryAfter: string | undefined; body: string | undefined }
  | { kind: 'NO_CONNECTION'; trouble: Trouble }
  | { kind: 'LOST'; trouble: Trouble };

/** Of an answer's body, in bytes: the contract's are of less than a hundred. */
const maxBodyBytes = 64 * 1024;

/** Connections to one gateway, kept open between requests. */
export type Connections = { agent: http.Agent };

/** Opens none yet. */
export const openConnections = (url: URL): Connections => {
  const options = { keepAlive: true, maxFreeSockets: 32 };
  return { agent: url.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options) };
};

/**
 * Sends one request, once, and reads its answer. It follows no redirect and throws for nothing that the network does.
 *
 * This is `node:http` rather than `fetch`, since the money hangs on whether a byte was sent, and here the socket tells: as
 * long as it is connecting (with TLS: shaking hands), what was written waits in this process and goes with the socket. With
 * `fetch` that would have to be guessed from error codes, and `ECONNRESET` is one of both sides.
 */
export const exchange = async (
  { agent }: Connections,
  { url, method, headers, body }: ExchangeRequest,
  signal: AbortSignal,
): Promise<Exchange> => {
  const { request } = url.protocol === 'https:' ? https : http;
  const outgoing = request(url, { agent, method, headers: { ...headers }, signal });
  // Errors that come after the one that was waited for.
  outgoing.on('error', () => undefined);
  const sent = watchSending(outgoing, url.protocol === 'https:' ? 'secureConnect' : 'connect');
  outgoing.end(body);
  try {
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    const { statusCode: status = 0, headers: answered } = answer;
    return { kind: 'ANSWERED', status, retryAfter: answered['retry-after'], body: await readBody(answer) };
  } catch (error) {
    return { kind: sent() ? 'LOST' : 'NO_CONNECTION', trouble: troubleOf(error, signal) };
  }
};

/** A socket from the pool may send at once; a new one, from the moment it is connected. In doubt, it was sent. */
const watchSending = (outgoing: http.ClientRequest, connected: 'connect' | 'secureConnect') => {
  let sent = false;
  outgoing.once('socket', (socket: Socket) => {
    if (socket.connecting) socket.once(connected, () => (sent = true));
    else sent = true;
  });
  return () => sent;
};

const readBody = async (answer: IncomingMessage): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop early ends the connection.
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** Only the code of an error is kept: its message may hold the address, which may hold a secret. */
const troubleOf = (error: unknown, signal: AbortSignal): Trouble => {
  if (signal.aborted) return isTimeout(signal.reason) ? 'TIMEOUT' : 'ABORTED';
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : 'UNKNOWN_ERROR';
};

const isTimeout = (reason: unknown) => (reason as { name?: unknown }).name === 'TimeoutError';
