import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fromBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { status } from '@grpc/grpc-js';
import { ErrorInfoSchema, RetryInfoSchema, StatusSchema } from '@payments/contracts';
import { eventually, grpcFrame, rawGrpc } from '@payments/testing';
import type { RawAnswer, RawGrpc } from '@payments/testing';
import { failure, openFixture, won } from '../payment.fixture.ts';
import type { Fixture } from '../payment.fixture.ts';

let fixture: Fixture;
let raw: RawGrpc;

beforeEach(async () => {
  fixture = await openFixture();
  fixture.server.setServing(true);
  raw = await rawGrpc(fixture.server.address);
});
afterEach(async () => {
  raw[Symbol.dispose]();
  await fixture[Symbol.asyncDispose]();
});

const stopping = (answer: RawAnswer) => {
  const { details } = fromBinary(StatusSchema, answer.details ?? Buffer.alloc(0));
  return {
    code: answer.code,
    reason: details.map((detail) => anyUnpack(detail, ErrorInfoSchema)?.reason).find(Boolean),
    retries: details.some((detail) => anyUnpack(detail, RetryInfoSchema) !== undefined),
  };
};
const toldToGoElsewhere = { code: status.UNAVAILABLE, reason: 'STOPPING', retries: true };

const list = { path: '/payment.v1.PaymentService/ListPayments', body: grpcFrame(Buffer.alloc(0)) };

/** `HealthCheckResponse { status }`, framed. */
const healthIs = (value: number) => grpcFrame(Buffer.from([8, value])).toString('hex');
const [serving, notServing] = [healthIs(1), healthIs(2)];

describe('a server that is drained', () => {
  it('tells watchers of its health first, and serves whoever has not heard it yet', async () => {
    const stream = raw.session.request({
      ...{ ':method': 'POST', ':path': '/grpc.health.v1.Health/Watch', 'content-type': 'application/grpc' },
    });
    stream.end(grpcFrame(Buffer.alloc(0)));
    const seen: string[] = [];
    stream.on('data', (chunk: Buffer) => seen.push(chunk.toString('hex')));
    let trailers: object = {};
    stream.on('trailers', (headers: object) => (trailers = headers));
    await eventually(() => expect(seen).toEqual([serving]));
    const goaway = once(raw.session, 'goaway');
    const drained = fixture.server[Symbol.asyncDispose]();
    await eventually(() => expect(seen).toEqual([serving, notServing]), { everyMs: 1 });
    expect(await raw.call(list)).toMatchObject({ code: status.OK });
    await goaway;
    await drained;
    expect(trailers).toMatchObject({ 'grpc-status': String(status.UNAVAILABLE) });
  });

  it('finishes the call in progress, and sends one that has not begun elsewhere', async () => {
    const other = await fixture.other();
    await other.sql(`select outbox.append('t', 'r-1', 'x', ''::bytea)`);
    const begun = fixture.client.executePayments({ userId: 'u-1', reservations: [won('r-1')] });
    await fixture.waiting(1);
    const arriving = raw.session.request({
      ...{ ':method': 'POST', ':path': list.path, 'content-type': 'application/grpc' },
    });
    arriving.write(list.body.subarray(0, 3));
    const answered = once(arriving, 'response') as Promise<[Record<string, string>]>;
    const drained = fixture.server[Symbol.asyncDispose]();
    await eventually(() => expect(fixture.admission.refusal()).toBeDefined());
    arriving.end(list.body.subarray(3));
    const [headers] = await answered;
    const details = Buffer.from(headers['grpc-status-details-bin'] ?? '', 'base64');
    const answer = { code: Number(headers['grpc-status']), details, body: Buffer.alloc(0), reset: 0 };
    expect(stopping(answer)).toEqual(toldToGoElsewhere);
    await other.rollback();
    expect((await begun).payments).toMatchObject([{ reservationId: 'r-1' }]);
    await drained;
  });

  it('tells a call that does not finish to ask elsewhere, by a status and not by a reset', async () => {
    const other = await fixture.other();
    await other.sql(`select outbox.append('t', 'r-1', 'x', ''::bytea)`);
    const begun = failure(fixture.client.executePayments({ userId: 'u-1', reservations: [won('r-1')] }));
    await fixture.waiting(1);
    await fixture.server[Symbol.asyncDispose]();
    expect(await begun).toMatchObject({
      code: status.UNAVAILABLE,
      details: { reason: 'STOPPING', retryDelayMs: expect.any(Number) },
    });
    await other.rollback();
    await fixture.idle();
  });
});
