import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { grpcFrame, rawGrpc } from '@payments/testing';
import { openFixture } from '../payment.fixture.ts';
import type { Fixture } from '../payment.fixture.ts';

const maxConnectionAgeMs = 1_000;
let fixture: Fixture;

beforeAll(async () => {
  fixture = await openFixture({ maxConnectionAgeMs });
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

const list = { path: '/payment.v1.PaymentService/ListPayments', body: grpcFrame(Buffer.alloc(0)) };

describe('a connection that has come of age', () => {
  it('is told to open no more streams, serves one that crosses that, and ends', async () => {
    const begun = performance.now();
    using raw = await rawGrpc(fixture.server.address);
    const goaway = once(raw.session, 'goaway') as Promise<[code: number, lastStream: number]>;
    // Its headers are there, and its request comes after the goodbye.
    const stream = raw.session.request({
      ...{ ':method': 'POST', ':path': list.path, 'content-type': 'application/grpc' },
    });
    stream.write(list.body.subarray(0, 3));
    const trailers = once(stream, 'trailers') as Promise<[Record<string, string>]>;
    expect(await goaway).toMatchObject([0, 2 ** 31 - 1]);
    expect(performance.now() - begun).toBeGreaterThan(0.85 * maxConnectionAgeMs);
    stream.end(list.body.subarray(3)).resume();
    expect((await trailers)[0]).toMatchObject({ 'grpc-status': String(status.OK) });
    if (!raw.session.destroyed) await once(raw.session, 'close');
    using next = await rawGrpc(fixture.server.address);
    expect(await next.call(list)).toMatchObject({ code: status.OK });
  });
});
