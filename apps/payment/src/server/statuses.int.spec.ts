import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { status } from '@grpc/grpc-js';
import {
  ErrorInfoSchema,
  ExecutePaymentsRequestSchema,
  ListPaymentsRequestSchema,
  PaymentService,
  StatusSchema,
} from '@payments/contracts';
import { grpcFrame, rawGrpc } from '@payments/testing';
import type { RawAnswer, RawCall, RawGrpc } from '@payments/testing';
import { openFixture } from '../payment.fixture.ts';
import type { Fixture } from '../payment.fixture.ts';

let fixture: Fixture;
let raw: RawGrpc;

beforeAll(async () => {
  fixture = await openFixture();
  raw = await rawGrpc(fixture.server.address);
});
afterAll(async () => {
  raw[Symbol.dispose]();
  await fixture[Symbol.asyncDispose]();
});

const path = `/${PaymentService.typeName}/ListPayments`;
const message = toBinary(ListPaymentsRequestSchema, create(ListPaymentsRequestSchema, { userId: 'u-1' }));

const call = (more: Partial<RawCall>) => raw.call({ path, body: grpcFrame(message), ...more });

/** The reason of a status, of ours. */
const reasonOf = ({ details }: RawAnswer) => {
  const unpacked = fromBinary(StatusSchema, details ?? Buffer.alloc(0)).details.map((detail) =>
    anyUnpack(detail, ErrorInfoSchema),
  );
  return unpacked.map((info) => `${info?.domain} ${info?.reason}`).join();
};

/** Field 99 with groups in groups, 10,000 deep: no message of ours, and too deep for a reader that calls itself. */
const deep = Buffer.alloc(20_000, Buffer.from([0x9b, 0x06]));

describe('a status that grpc-js makes by itself', () => {
  it('is not made for a request as it should be', async () => {
    expect(await call({})).toMatchObject({ http: 200, code: status.OK });
    expect(
      await call({
        body: grpcFrame(gzipSync(message), { compressed: 1 }),
        headers: { 'grpc-encoding': 'gzip' },
      }),
    ).toMatchObject({ code: status.OK });
  });

  it('is not made for the largest order that there is', async () => {
    const reservations = Array.from({ length: 100 }, (_, index) => ({
      reservationId: `${100 + index}${'\u{1f4b3}'.repeat(197)}`,
      amount: { currencyCode: 'KRW', units: 1_000_000n },
    }));
    const order = create(ExecutePaymentsRequestSchema, {
      requestId: randomUUID(),
      userId: '\u{1f4b3}'.repeat(200),
      reservations,
    });
    const body = grpcFrame(toBinary(ExecutePaymentsRequestSchema, order));
    expect(body.length).toBeLessThan(128 * 1024);
    expect(await call({ path: `/${PaymentService.typeName}/ExecutePayments`, body })).toMatchObject({
      code: status.OK,
    });
  });

  it.each<[string, Partial<RawCall>, status, string]>([
    [
      'bytes that are no message',
      { body: grpcFrame(Buffer.from([0xff, 0xff])) },
      status.INVALID_ARGUMENT,
      'INVALID_REQUEST',
    ],
    [
      'a string that is no UTF-8',
      { body: grpcFrame(Buffer.from([0x0a, 2, 0xc3, 0x28])) },
      status.INVALID_ARGUMENT,
      'INVALID_REQUEST',
    ],
    ['groups without end', { body: grpcFrame(deep) }, status.INVALID_ARGUMENT, 'INVALID_REQUEST'],
    [
      'a grpc-timeout that is none',
      { headers: { 'grpc-timeout': 'soon' } },
      status.INVALID_ARGUMENT,
      'INVALID_REQUEST',
    ],
    [
      'a message that is not compressed as it says',
      { body: grpcFrame(message, { compressed: 1 }), headers: { 'grpc-encoding': 'gzip' } },
      status.INVALID_ARGUMENT,
      'INVALID_REQUEST',
    ],
    [
      'an encoding that is not known',
      { body: grpcFrame(message, { compressed: 1 }), headers: { 'grpc-encoding': 'br' } },
      status.UNIMPLEMENTED,
      'UNIMPLEMENTED',
    ],
    [
      'a message of more than 256 KiB',
      { body: grpcFrame(Buffer.alloc(5), { length: 256 * 1024 + 1 }) },
      status.RESOURCE_EXHAUSTED,
      'TOO_LARGE',
    ],
    [
      'one that unpacks to more than 256 KiB',
      {
        body: grpcFrame(gzipSync(Buffer.alloc(500_000_000)), { compressed: 1 }),
        headers: { 'grpc-encoding': 'gzip' },
      },
      status.RESOURCE_EXHAUSTED,
      'TOO_LARGE',
    ],
    ['no message', { body: Buffer.alloc(0) }, status.UNIMPLEMENTED, 'UNIMPLEMENTED'],
    [
      'two messages',
      { body: Buffer.concat([grpcFrame(message), grpcFrame(message)]) },
      status.UNIMPLEMENTED,
      'UNIMPLEMENTED',
    ],
    [
      'a method that is not there',
      { path: '/payment.v1.PaymentService/Steal' },
      status.UNIMPLEMENTED,
      'UNIMPLEMENTED',
    ],
    ['a path that is none', { path: '/%ff<script>' }, status.UNIMPLEMENTED, 'UNIMPLEMENTED'],
    [
      'a deadline that has passed',
      { headers: { 'grpc-timeout': '1n' } },
      status.DEADLINE_EXCEEDED,
      'DEADLINE_EXCEEDED',
    ],
  ])('has its reason for %s', async (_what, more, code, reason) => {
    const answer = await call(more);
    expect({ ...answer, reason: reasonOf(answer) }).toMatchObject({
      http: 200,
      code,
      reason: `payment.v1 ${reason}`,
    });
    expect(answer.message).not.toMatch(/soon|script|Steal|br\b|Error|grpc-js/);
  });

  it('is the HTTP one for what is not gRPC', async () => {
    expect(await call({ headers: { 'content-type': 'application/json' } })).toMatchObject({ http: 415 });
  });
});
