import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { PaymentState } from '@payments/contracts';
import { tcpProxy } from '@payments/testing';
import type { TcpProxy } from '@payments/testing';
import { failure, openFixture, won } from '../payment.fixture.ts';

/** The URL of the same database, by way of the proxy. */
const through = (proxy: TcpProxy, url: string) => Object.assign(new URL(url), { host: proxy.address }).href;

const openBehindProxy = async () => {
  let proxy: TcpProxy | undefined;
  const fixture = await openFixture({
    connections: 3,
    route: async (url) => {
      proxy = await tcpProxy({ target: new URL(url).host });
      return through(proxy, url);
    },
  });
  if (!proxy) throw new Error('the fixture asked for no route');
  return { fixture, proxy };
};

/** Cuts the connection when the server answers the COMMIT, which so has happened, unknown to the service. */
const cutReplyToCommit = (proxy: TcpProxy) => {
  const committing = new Set<number>();
  return proxy.faultWhen(({ direction, connection, bytes }) => {
    if (direction === 'request' && bytes.includes('commit\0')) committing.add(connection);
    return direction === 'reply' && committing.has(connection) ? 'cut' : 'pass';
  });
};

/** Cuts the connection before the COMMIT reaches the server, which then rolls back. */
const cutCommit = (proxy: TcpProxy) =>
  proxy.faultWhen(({ direction, bytes }) =>
    direction === 'request' && bytes.includes('commit\0') ? 'cut' : 'pass',
  );

describe.each([
  [
    'the reply to its COMMIT is lost',
    cutReplyToCommit,
    { payments: 1, history: 1, messages: 1, requests: 1 },
  ],
  ['its COMMIT is lost', cutCommit, { payments: 0, history: 0, messages: 0, requests: 0 }],
])('an order of which %s', (_, fault, left) => {
  it('is UNAVAILABLE, and the same request id then pays it once', async () => {
    const { fixture, proxy } = await openBehindProxy();
    await using _closing = new AsyncDisposableStack();
    _closing.use(proxy);
    _closing.use(fixture);
    const hit = fault(proxy);
    const order = { requestId: randomUUID(), userId: 'u-1', reservations: [won('r-1')] };
    expect(await failure(fixture.client.executePayments(order))).toMatchObject({
      code: status.UNAVAILABLE,
      details: { reason: 'DATABASE_UNAVAILABLE' },
    });
    await hit;
    await fixture.idle();
    expect(await fixture.counts()).toEqual(left);
    const { payments } = await fixture.client.executePayments(order);
    expect(payments).toMatchObject([{ reservationId: 'r-1', state: PaymentState.COMPLETED }]);
    expect(await fixture.counts()).toEqual({ payments: 1, history: 1, messages: 1, requests: 1 });
  });
});

describe('while the database is away', () => {
  it('every method is UNAVAILABLE and says when to come back; after that the service works again', async () => {
    const { fixture, proxy } = await openBehindProxy();
    await using closing = new AsyncDisposableStack();
    closing.use(proxy);
    closing.use(fixture);
    const { client } = fixture;
    await proxy.refuse();
    const calls = [
      client.executePayments({ userId: 'u-1', reservations: [won('r-1')] }),
      client.getPayment({ paymentId: randomUUID() }),
      client.listPayments({}),
      client.listPaymentHistory({}),
    ];
    for (const error of await Promise.all(calls.map(failure))) {
      expect(error).toMatchObject({
        code: status.UNAVAILABLE,
        details: { reason: 'DATABASE_UNAVAILABLE', retryDelayMs: 1_000 },
      });
      expect(JSON.stringify(error)).not.toContain(String(proxy.port));
    }
    await proxy.accept();
    expect((await client.listPayments({})).payments).toEqual([]);
  });
});
