import { once } from 'node:events';
import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openFixture } from '../payment.fixture.ts';
import type { Fixture } from '../payment.fixture.ts';

const suite = new AsyncDisposableStack();
let closing: DisposableStack;
let fixture: Fixture;

beforeAll(async () => {
  fixture = suite.use(await openFixture());
});
afterAll(() => suite.disposeAsync());
beforeEach(() => {
  closing = new DisposableStack();
});
afterEach(() => closing.dispose());

/** A connection without bounds of its own. */
const open = (): ClientHttp2Session => {
  const session = connect(`http://${fixture.server.address}`, { maxSendHeaderBlockLength: 10_000_000 });
  session.on('error', () => undefined);
  return closing.adopt(session, (opened) => opened.destroy());
};

/** The gRPC status of an empty ListPayments with further headers, or how its stream ended. */
const call = async (session: ClientHttp2Session, headers: Record<string, string>): Promise<unknown> => {
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
  return answer ?? (session.destroyed ? 'connection ended' : 'stream reset');
};

const headers = (count: number, bytes: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, 'x'.repeat(bytes)]));

describe('the headers of a call', () => {
  it.each([
    ['a few are', 10, 100, status.OK],
    ['a token of 8 KiB is', 1, 8_192, status.OK],
    ['more than 64 are', 70, 1, status.RESOURCE_EXHAUSTED],
    ['more than 16 KiB are', 2, 10_000, status.RESOURCE_EXHAUSTED],
    ['as many as HTTP/2 lets through are', 10, 8_192, status.RESOURCE_EXHAUSTED],
  ])('%s answered as they should be', async (_, count, bytes, expected) => {
    expect(await call(open(), headers(count, bytes))).toBe(String(expected));
  });

  it.each([
    ['more than 128 of them end their call', 200, 1, 'stream reset'],
    ['half a megabyte of them ends its connection', 10, 50_000, 'connection ended'],
  ])('are not kept beyond what HTTP/2 takes: %s, and the service goes on', async (_, count, bytes, end) => {
    expect(await call(open(), headers(count, bytes))).toBe(end);
    expect(await call(open(), {})).toBe(String(status.OK));
  });

  it('are repeated nowhere when they cannot be read, a token least', async () => {
    const written = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    closing.defer(() => written.mockRestore());
    await call(open(), { authorization: 'Bearer s3cret-\u00fc' });
    expect(written.mock.calls).toEqual([]);
  });
});
