import { once } from 'node:events';
import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openFixture } from '../payment.fixture.ts';
import type { Fixture } from '../payment.fixture.ts';

let closing: AsyncDisposableStack;
let fixture: Fixture;
let session: ClientHttp2Session;

beforeAll(async () => {
  closing = new AsyncDisposableStack();
  fixture = closing.use(await openFixture());
  session = closing.adopt(
    // Its own bound is out of the way.
    connect(`http://${fixture.server.address}`, { maxSendHeaderBlockLength: 1_000_000 }),
    (opened) => opened.destroy(),
  );
});
afterAll(() => closing.disposeAsync());

/** The gRPC status of an empty ListPayments with further headers, or how its stream ended. */
const call = async (headers: Record<string, string>): Promise<unknown> => {
  const stream = session.request({
    ...headers,
    ':method': 'POST',
    ':path': '/payment.v1.PaymentService/ListPayments',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  let answer: unknown;
  for (const event of ['response', 'trailers'] as const)
    stream.on(event, (got: Record<string, unknown>) => (answer ??= got['grpc-status']));
  stream.resume();
  stream.end(Buffer.alloc(5));
  await once(stream, 'close').catch(() => undefined);
  return answer ?? (stream.rstCode === 0 ? 'closed' : 'reset');
};

const headers = (count: number, bytes: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, 'x'.repeat(bytes)]));

describe('the headers of a call', () => {
  it.each([
    ['a few are', 10, 100, status.OK],
    ['a token of 8 KiB is', 1, 8_192, status.OK],
    ['more than 64 are', 70, 1, status.RESOURCE_EXHAUSTED],
    ['more than 16 KiB are', 2, 10_000, status.RESOURCE_EXHAUSTED],
  ])('%s answered as they should be', async (_, count, bytes, expected) => {
    expect(await call(headers(count, bytes))).toBe(String(expected));
  });

  it.each([
    ['more than 128', 200, 1],
    ['more than 64 KiB', 10, 8_192],
  ])('%s are not even kept, and the connection goes on', async (_, count, bytes) => {
    expect(await call(headers(count, bytes))).toBe('reset');
    expect(await call({})).toBe(String(status.OK));
  });
});
