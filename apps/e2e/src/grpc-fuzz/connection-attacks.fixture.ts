import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '@payments/testing';
import type { Attack } from './call-attacks.fixture.ts';
import { frameType, headerBlock, http2Frame, preface } from './http2-frames.ts';
import { bytes, oneOf, upTo } from './mutate.fixture.ts';

/** A connection; it is no error if the server ends it. */
async function open(address: string): Promise<Socket> {
  const { hostname: host, port } = new URL(`tcp://${address}`);
  const socket = connect({ host, port: Number(port) });
  const connected = once(socket, 'connect');
  socket.on('error', () => undefined).resume();
  await connected;
  return socket;
}

const settings = http2Frame(frameType.settings, 0, 0, Buffer.alloc(0));

const call = (contentType: string) =>
  headerBlock([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', '/payment.v1.PaymentService/ListPayments'],
    [':authority', 'x'],
    ['content-type', contentType],
  ]);

const cancelled = Buffer.from([0, 0, 0, 8]);

/** Headers and their cancellation in one segment: the server hears of both at once. */
const openedAndReset = (random: Random): Buffer => {
  const contentType = oneOf(random, ['application/grpc', 'text/plain']);
  const streams = Array.from({ length: 50 }, (_, index) => [
    http2Frame(frameType.headers, oneOf(random, [4, 5]), 2 * index + 1, call(contentType)),
    http2Frame(frameType.reset, 0, 2 * index + 1, cancelled),
  ]);
  return Buffer.concat(streams.flat());
};

const said: ((random: Random) => Buffer)[] = [
  (random) => bytes(random, 500),
  () => Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n'),
  () => Buffer.from('16030100f0010000ec0303', 'hex'),
  (random) => Buffer.concat([preface, bytes(random, 500)]),
  (random) =>
    Buffer.concat([
      preface,
      settings,
      ...Array.from({ length: 20 }, () =>
        http2Frame(upTo(random, 12), upTo(random, 256), upTo(random, 8), bytes(random, upTo(random, 40))),
      ),
    ]),
  (random) => Buffer.concat([preface, settings, openedAndReset(random)]),
  // Headers that do not end.
  () =>
    Buffer.concat([
      preface,
      settings,
      http2Frame(frameType.headers, 0, 1, call('application/grpc')),
      ...Array.from({ length: 500 }, () =>
        http2Frame(frameType.continuation, 0, 1, headerBlock([['x', 'y']])),
      ),
    ]),
  // Headers by the hundred, and of some kilobytes each.
  () =>
    Buffer.concat([
      preface,
      settings,
      http2Frame(
        frameType.headers,
        5,
        1,
        Buffer.concat([
          call('application/grpc'),
          ...Array.from({ length: 400 }, () => headerBlock([['x', 'y'.repeat(20)]])),
        ]),
      ),
    ]),
  // What has to be answered, by the thousand.
  () => Buffer.concat([preface, ...Array.from({ length: 5_000 }, () => settings)]),
  () =>
    Buffer.concat([
      preface,
      settings,
      ...Array.from({ length: 5_000 }, () => http2Frame(frameType.ping, 0, 0, Buffer.alloc(8))),
    ]),
  () =>
    Buffer.concat([
      preface,
      settings,
      ...Array.from({ length: 3 }, () =>
        http2Frame(frameType.windowUpdate, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff])),
      ),
    ]),
  // A window of nothing: the answer cannot be sent.
  () =>
    Buffer.concat([
      preface,
      http2Frame(frameType.settings, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0])),
      http2Frame(frameType.headers, 4, 1, call('application/grpc')),
      http2Frame(0, 1, 1, Buffer.alloc(5)),
    ]),
  // A header that may not be there, and one that is no header.
  (random) =>
    Buffer.concat([
      preface,
      settings,
      http2Frame(
        frameType.headers,
        5,
        1,
        Buffer.concat([
          call('application/grpc'),
          headerBlock([
            oneOf(random, [
              ['connection', 'close'],
              ['X', 'y'],
              ['', ''],
              ['x', '\r\n'],
              [':x', 'y'],
            ] as const),
          ]),
        ]),
      ),
    ]),
  () =>
    Buffer.concat([
      preface,
      settings,
      http2Frame(frameType.headers, 5, 1, headerBlock([[':method', 'POST']])),
    ]),
];

/** Connections that say what no client would, and look at what comes for a while. */
export async function speakNonsense({ address, random }: Attack, count: number): Promise<number> {
  const speak = async () => {
    const socket = await open(address);
    const closed = once(socket, 'close');
    socket.write(oneOf(random, said)(random));
    await Promise.race([closed, pause(300)]);
    socket.destroy();
  };
  for (let spoken = 0; spoken < count; spoken += 10) await Promise.all(Array.from({ length: 10 }, speak));
  return count;
}

/** Connections that never get as far as a call, kept `during` something else. @returns how many */
export async function stayHalfOpen({ address, random }: Attack, during: Promise<unknown>): Promise<number> {
  const sockets: Socket[] = [];
  for (let hundred = 0; hundred < 10; hundred++)
    sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => open(address)))));
  for (const socket of sockets) {
    const part = upTo(random, preface.length + settings.length);
    socket.write(Buffer.concat([preface, settings]).subarray(0, part));
  }
  await during;
  for (const socket of sockets) socket.destroy();
  return sockets.length;
}
