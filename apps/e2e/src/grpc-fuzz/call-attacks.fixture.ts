import { deflateSync, gzipSync } from 'node:zlib';
import {
  grpcFrame,
  rawGrpc,
  type Random,
  type RawAnswer,
  type RawCall,
  type RawGrpc,
} from '@payments/testing';
import { anyMessage, bytes, oneOf, upTo } from './mutate.fixture.ts';

/** What an attack is given. */
export interface Attack {
  address: string;
  random: Random;
}

/** A call and what came back. */
export interface Answered {
  call: RawCall;
  answer: RawAnswer;
}

/** Zeros: a thousandth of it on the wire. */
const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
const deflated = deflateSync(Buffer.alloc(64 * 1024 * 1024));

const plain = (random: Random): RawCall => {
  const { path, message } = anyMessage(random);
  return { path, body: grpcFrame(message) };
};

const shapes: ((random: Random) => RawCall)[] = [
  plain,
  plain,
  plain,
  // Frames that lie.
  (random) => ({ ...plain(random), body: grpcFrame(bytes(random, 9), { length: upTo(random, 2 ** 32) }) }),
  (random) => ({ ...plain(random), body: grpcFrame(bytes(random, 9), { compressed: upTo(random, 256) }) }),
  (random) => ({ ...plain(random), body: bytes(random, upTo(random, 12)) }),
  (random) => ({
    ...plain(random),
    body: Buffer.concat([grpcFrame(bytes(random, 3)), grpcFrame(bytes(random, 3))]),
  }),
  (random) => ({ ...plain(random), body: grpcFrame(Buffer.alloc(256 * 1024 + upTo(random, 100_000))) }),
  // Compression that lies, or tells too much.
  (random) => ({
    ...plain(random),
    body: grpcFrame(oneOf(random, [bomb, deflated, bytes(random, 500)]), { compressed: 1 }),
    headers: { 'grpc-encoding': oneOf(random, ['gzip', 'deflate', 'br', 'identity', '', 'x'.repeat(900)]) },
  }),
  (random) => {
    const { path, message } = anyMessage(random);
    return {
      path,
      body: grpcFrame(gzipSync(message), { compressed: 1 }),
      headers: { 'grpc-encoding': 'gzip' },
    };
  },
  // Headers.
  (random) => ({
    ...plain(random),
    headers: {
      'content-type': oneOf(random, [
        '',
        'text/html',
        'application/grpc-web',
        'application/grpc+json',
        'application/grpcx',
      ]),
    },
  }),
  (random) => ({
    ...plain(random),
    headers: { 'grpc-timeout': oneOf(random, ['', '1n', '1', 'H', '99999999H', '-1S', '1S1S', '0m', 'é']) },
  }),
  (random) => ({
    ...plain(random),
    path: oneOf(random, [
      '/',
      '*',
      '/payment.v1.PaymentService/',
      '/payment.v1.PaymentService/executePayments',
      `/${'p'.repeat(5_000)}`,
      '/%00',
      '/\u00ff',
      '//',
      '/constructor',
      '/__proto__/toString',
    ]),
  }),
  (random) => ({ ...plain(random), headers: { ':method': oneOf(random, ['GET', 'PUT', 'OPTIONS', 'X']) } }),
  (random) => ({
    ...plain(random),
    headers: {
      'x-long': 'v'.repeat(upTo(random, 12_000)),
      'x-some-bin': oneOf(random, ['!', 'AAAA', '====', 'é']),
      authorization: oneOf(random, ['', 'Bearer é', 'Basic x']),
      traceparent: oneOf(random, ['00', '', '00-0-0-0']),
    },
  }),
  (random) => ({ path: '/grpc.health.v1.Health/Check', body: grpcFrame(bytes(random, upTo(random, 20))) }),
  (random) => ({
    path: '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    body: grpcFrame(bytes(random, upTo(random, 20))),
  }),
];

/** Calls that are answered, one after the other, on some connections side by side. */
export async function fuzzCalls({ address, random }: Attack, count: number): Promise<Answered[]> {
  const answered: Answered[] = [];
  const callOn = async (raw: RawGrpc) => {
    while (answered.length < count && !raw.session.closed) {
      const call = oneOf(random, shapes)(random);
      answered.push({ call, answer: await raw.call(call) });
    }
  };
  while (answered.length < count) {
    const connections = await Promise.all(Array.from({ length: 6 }, () => rawGrpc(address)));
    await Promise.all(connections.map(callOn));
    for (const raw of connections) raw[Symbol.dispose]();
  }
  return answered;
}

/** Opens streams and cancels them at once; where the server hangs up, on another connection. @returns how many */
export async function resetRapidly({ address, random }: Attack, count: number): Promise<number> {
  let reset = 0;
  while (reset < count) {
    const { session, [Symbol.dispose]: close } = await rawGrpc(address);
    for (let burst = 0; burst < 10 && reset < count && !session.closed; burst++) {
      for (let streams = 0; streams < 100; streams++, reset++) {
        const { path, body } = plain(random);
        const stream = session.request({
          ':method': 'POST',
          ':path': path,
          'content-type': 'application/grpc',
        });
        stream.on('error', () => undefined);
        // No whole request: it would take a place from somebody.
        if (body && random() < 0.5) stream.write(body.subarray(0, 4));
        stream.close(8);
      }
      await new Promise(setImmediate);
    }
    close();
  }
  return reset;
}

/** Requests that trickle in, byte by byte, and do not come to an end. */
export async function trickle({ address, random }: Attack, during: Promise<unknown>): Promise<void> {
  using raw = await rawGrpc(address);
  const streams = Array.from({ length: 50 }, () => {
    const { path } = anyMessage(random);
    return raw.session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc' });
  });
  for (const stream of streams) stream.on('error', () => undefined).resume();
  const timer = setInterval(() => {
    for (const stream of streams) if (stream.writable) stream.write(Buffer.alloc(1));
  }, 100);
  await during;
  clearInterval(timer);
}
