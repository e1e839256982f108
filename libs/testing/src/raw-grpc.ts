import { once } from 'node:events';
import {
  connect,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from 'node:http2';

/** What came back for one stream, gRPC or not. */
export interface RawAnswer {
  /** The HTTP status; undefined if there was no answer. */
  http?: number;
  /** `grpc-status`; undefined if there was none. */
  code?: number;
  /** `grpc-message`, as it was sent. */
  message?: string;
  /** `grpc-status-details-bin`: a serialized `google.rpc.Status`. */
  details?: Buffer;
  body: Buffer;
  /** The code of the RST_STREAM that ended the stream; 0 if none did. */
  reset: number;
}

/** One stream. */
export interface RawCall {
  path: string;
  /** On top of those of a gRPC request. */
  headers?: OutgoingHttpHeaders;
  body?: Uint8Array;
  /** Whether the request is ended. Default true. */
  end?: boolean;
}

/** A message as gRPC frames it; with a length or a flag that is not true, if told. */
export function grpcFrame(
  message: Uint8Array,
  { compressed = 0, length = message.length }: { compressed?: number; length?: number } = {},
): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

/** A gRPC client that keeps no rule: one HTTP/2 connection, on which anything may be sent. It shares nothing with grpc-js. */
export interface RawGrpc extends Disposable {
  session: ClientHttp2Session;
  call: (call: RawCall) => Promise<RawAnswer>;
}

/** Connects to `address` (`host:port`), in the clear. */
export async function rawGrpc(address: string): Promise<RawGrpc> {
  const session = connect(`http://${address}`);
  session.on('error', () => undefined);
  await once(session, 'connect');
  return {
    session,
    call: (call) => callRaw(session, call),
    [Symbol.dispose]: () => session.destroy(),
  };
}

type Headers = IncomingHttpHeaders & IncomingHttpStatusHeader;

function callRaw(
  session: ClientHttp2Session,
  { path, headers, body, end = true }: RawCall,
): Promise<RawAnswer> {
  const { promise, resolve } = Promise.withResolvers<RawAnswer>();
  const stream = session.request(
    { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers },
    { endStream: false },
  );
  const chunks: Buffer[] = [];
  let seen: Headers = {};
  const see = (more: Headers) => {
    seen = { ...seen, ...more };
  };
  stream.on('response', see).on('trailers', see);
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  // The answer is told by `close`.
  stream.on('error', () => undefined);
  stream.on('close', () => {
    resolve({ ...read(seen), body: Buffer.concat(chunks), reset: stream.rstCode });
  });
  // An answer may be there before the request is.
  stream.on('end', () => stream.end());
  if (body) stream.write(body);
  if (end) stream.end();
  return promise;
}

function read(headers: Headers): Omit<RawAnswer, 'body' | 'reset'> {
  const { 'grpc-status': code, 'grpc-message': message, 'grpc-status-details-bin': details } = headers;
  return {
    ...(headers[':status'] !== undefined && { http: headers[':status'] }),
    ...(code !== undefined && { code: Number(code) }),
    ...(message !== undefined && { message: String(message) }),
    ...(details !== undefined && { details: Buffer.from(String(details), 'base64') }),
  };
}
