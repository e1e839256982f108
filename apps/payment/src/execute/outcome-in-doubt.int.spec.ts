import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { expect, it } from '@jest/globals';
import { PaymentState } from '@payments/contracts';
import { tcpProxy } from '@payments/testing';
import type { TcpProxy } from '@payments/testing';
import { openGatewayFixture, told } from '../gateway.fixture.ts';
import { failure, won } from '../payment.fixture.ts';

it('a charge whose outcome could not be stored is UNAVAILABLE, and recovery stores it: charged once', async () => {
  let proxy: TcpProxy | undefined;
  const route = async (url: string) => {
    proxy = await tcpProxy({ target: new URL(url).host });
    return Object.assign(new URL(url), { host: proxy.address }).href;
  };
  await using fixture = await openGatewayFixture({ route });
  if (!proxy) throw new Error('the fixture asked for no route');
  await using _proxy = proxy;
  const held = fixture.standIn.hold({ on: 'POST /charges', at: 'after' });
  const order = { requestId: randomUUID(), userId: 'u-1', reservations: [won('r-1')] };
  const call = failure(fixture.client.executePayments(order));
  const { key } = await held.reached;
  await proxy.refuse();
  held.release();
  expect(await call).toMatchObject({
    code: status.UNAVAILABLE,
    details: { reason: 'DATABASE_UNAVAILABLE', retryDelayMs: 1_000 },
  });
  await proxy.accept();
  expect(await fixture.tasks()).toEqual([{ kind: 'CHARGE', claim: 1, claimed: true }]);
  await fixture.endLeases();
  expect(await fixture.recover()).toBe(1);
  const { payments } = await fixture.client.executePayments(order);
  expect(payments).toMatchObject([{ paymentId: key, state: PaymentState.COMPLETED }]);
  expect(await told(fixture, key)).toEqual(['COMPLETED']);
  expect(fixture.charged('r-1')).toEqual([`charge ${key}`]);
});
