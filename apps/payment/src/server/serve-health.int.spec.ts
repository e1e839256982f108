import { once } from 'node:events';
import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { status } from '@grpc/grpc-js';
import { PaymentService } from '@payments/contracts';
import { grpcFrame, rawGrpc } from '@payments/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { serveHandlers } from '../payment.fixture.ts';
import type { GrpcServer } from './open-grpc-server.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let server: GrpcServer;

beforeAll(async () => {
  server = await serveHandlers({} as never);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** A request about a service: field 1, a string. */
const about = (name: string) => {
  const length = [];
  let rest = Buffer.byteLength(name);
  for (; rest > 127; rest >>= 7) length.push((rest & 127) | 128);
  return grpcFrame(Buffer.concat([Buffer.from([0x0a, ...length, rest]), Buffer.from(name)]));
};

/** Watches a service, goes away after the first answer, and returns that. */
const watchOnce = async (session: ClientHttp2Session, name: string): Promise<Buffer> => {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Watch',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.end(about(name));
  const [answer] = (await once(stream, 'data')) as [Buffer];
  stream.close();
  await once(stream, 'close');
  return answer;
};

/** Field 1, an enum: 1 is SERVING, 2 NOT_SERVING, 3 SERVICE_UNKNOWN. */
const told = (value: number) => grpcFrame(Buffer.from([0x08, value]));

describe('the health service', () => {
  it('keeps nothing of the services that strangers watch, and that are not there', async () => {
    await using opened = new AsyncDisposableStack();
    const session = opened.adopt(connect(`http://${server.address}`), (it) => it.destroy());
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < 300; index++)
      expect(await watchOnce(session, `${index}`.padEnd(200_000, 'x'))).toEqual(told(3));
    collectGarbage();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(30_000_000);
  });

  it.each(['nobody', 'x'.repeat(200_000)])(
    'does not repeat the name of one that is not there',
    async (name) => {
      using raw = await rawGrpc(server.address);
      const answer = await raw.call({ path: '/grpc.health.v1.Health/Check', body: about(name) });
      expect(answer).toMatchObject({ code: status.NOT_FOUND, message: 'there%20is%20no%20such%20service' });
    },
  );

  it.each(['', PaymentService.typeName])(
    'tells of %p, to those who ask and to those who watch',
    async (name) => {
      await using opened = new AsyncDisposableStack();
      const session = opened.adopt(connect(`http://${server.address}`), (it) => it.destroy());
      using raw = await rawGrpc(server.address);
      const check = () => raw.call({ path: '/grpc.health.v1.Health/Check', body: about(name) });
      server.setServing(false);
      expect(await watchOnce(session, name)).toEqual(told(2));
      server.setServing(true);
      expect(await check()).toMatchObject({ code: status.OK, body: told(1) });
    },
  );
});
