import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { eventually, grpcFrame, rawGrpc } from '@payments/testing';
import { openFixture } from '../payment.fixture.ts';
import type { Fixture } from '../payment.fixture.ts';

let fixture: Fixture;
const sockets = new Set<Socket>();
/** How old connections were when they ended, in milliseconds. */
const ages: number[] = [];

beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await fixture[Symbol.asyncDispose]();
});

/** A connection that has sent so much of its preface. */
const halfOpen = async (preface: string): Promise<Socket> => {
  const { hostname: host, port } = new URL(`tcp://${fixture.server.address}`);
  const socket = connect({ host, port: Number(port) });
  const begun = performance.now();
  sockets.add(socket);
  socket
    .on('error', () => undefined)
    .on('close', () => {
      sockets.delete(socket);
      ages.push(performance.now() - begun);
    });
  await once(socket, 'connect');
  if (preface) socket.write(preface);
  socket.resume();
  return socket;
};

describe('a peer that is slow', () => {
  it('to begin is cut off after some seconds, whether it says nothing or a little', async () => {
    const begun = performance.now();
    const closed = async (preface: string) => once(await halfOpen(preface), 'close');
    await Promise.all([closed(''), closed('PRI * HTT')]);
    expect(performance.now() - begun).toBeGreaterThan(4_500);
    expect(performance.now() - begun).toBeLessThan(20_000);
  });

  it('to send its request is told so', async () => {
    using raw = await rawGrpc(fixture.server.address);
    const path = '/payment.v1.PaymentService/ListPayments';
    const trickle = await raw.call({ path, body: grpcFrame(Buffer.alloc(9)).subarray(0, 7), end: false });
    expect(trickle).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  });

  it('leaves the others alone, however many there are: of 1,200 the oldest go', async () => {
    ages.length = 0;
    const oldest = await halfOpen('');
    for (let hundred = 0; hundred < 12; hundred++)
      await Promise.all(Array.from({ length: 100 }, () => halfOpen('PRI')));
    await eventually(() => expect(oldest.closed).toBe(true), { timeoutMs: 4_000 });
    using raw = await rawGrpc(fixture.server.address);
    const path = '/payment.v1.PaymentService/ListPayments';
    expect(await raw.call({ path, body: grpcFrame(Buffer.alloc(0)) })).toMatchObject({ code: status.OK });
    // On a slow machine some have been silent for too long by now, which is the matter of another test.
    const pushedOut = ages.filter((age) => age < 4_500);
    expect(pushedOut.length).toBeLessThan(300);
  });

  it('with a thousand requests on their way keeps others out, and lets them in again when it has gone', async () => {
    await using others = new AsyncDisposableStack();
    const path = '/payment.v1.PaymentService/ListPayments';
    using raw = await rawGrpc(fixture.server.address);
    const list = () => raw.call({ path, body: grpcFrame(Buffer.alloc(0)) });
    // A connection takes 200 streams.
    for (let connection = 0; connection < 5; connection += 1) {
      const slow = others.use(await rawGrpc(fixture.server.address));
      for (let call = 0; call < 200; call += 1)
        void slow.call({ path, body: grpcFrame(Buffer.alloc(9)).subarray(0, 7), end: false });
      // The answer comes after those streams were opened.
      await new Promise((resolve) => slow.session.ping(resolve));
    }
    expect(await list()).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    await others.disposeAsync();
    await eventually(async () => {
      expect(await list()).toMatchObject({ code: status.OK });
    });
  });
});
