import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PaymentState } from '@payments/contracts';
import { failure, won } from '../payment.fixture.ts';
import { openIssuer } from './issuer.fixture.ts';
import type { Issuer } from './issuer.fixture.ts';
import { openTrustingService } from './trusting-service.fixture.ts';
import type { TrustingService } from './trusting-service.fixture.ts';

let service: TrustingService;
let closing: AsyncDisposableStack;
let issuer: Issuer;

beforeAll(async () => {
  service = await openTrustingService();
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

beforeEach(async () => {
  closing = new AsyncDisposableStack();
  issuer = closing.use(await openIssuer());
  service.trust(issuer);
});
afterEach(() => closing.disposeAsync());

const order = (userId: string, reservationId: string) => ({
  userId,
  reservations: [won(reservationId)],
});

describe('a scope', () => {
  const payments = { paymentId: '3f2b8c1e-5d0a-4b6f-9c7e-1a2b3c4d5e6f' };

  it.each([
    ['executePayments', 'payments:write', 'payments:read'],
    ['refundPayment', 'payments:write', 'payments:read'],
    ['getPayment', 'payments:read', 'payments:write'],
    ['listPayments', 'payments:read', 'payments:write'],
    ['listPaymentHistory', 'payments:read', 'payments:write'],
  ] as const)('is needed by %s, and named: %s', async (method, scope, other) => {
    const before = await service.fixture.counts();
    for (const held of [other, '', 'openid payments:writes payments']) {
      const client = service.as(await issuer.token('u-1', { scope: held }));
      const request = method === 'executePayments' ? order('u-1', `scope-${held}`) : payments;
      expect(await failure(client[method](request as never))).toMatchObject({
        code: status.PERMISSION_DENIED,
        details: { reason: 'SCOPE_MISSING', metadata: { scope } },
      });
    }
    expect(await service.fixture.counts()).toEqual(before);
  });

  it.each([
    { scope: 'openid payments:write' },
    { scp: 'payments:write openid' },
    { scp: ['openid', 'payments:write'] },
    { scope: 'payments:admin' },
  ])('is read from the claims %p', async (claims) => {
    const client = service.as(await issuer.token('u-1', { claims: { scope: undefined, ...claims } }));
    const { payments: paid } = await client.executePayments(order('u-1', JSON.stringify(claims)));
    expect(paid).toMatchObject([{ state: PaymentState.COMPLETED }]);
  });
});

describe('a user', () => {
  it('pays as itself alone', async () => {
    const before = await service.fixture.counts();
    const error = await failure(service.as(await issuer.token('u-1')).executePayments(order('u-2', 'own-1')));
    expect(error).toMatchObject({ code: status.PERMISSION_DENIED, details: { reason: 'OTHER_USER' } });
    expect(await service.fixture.counts()).toEqual(before);
  });

  it('does not learn of another’s payment, not even that it is there', async () => {
    const paid = await service.as(await issuer.token('u-2')).executePayments(order('u-2', 'own-2'));
    const [paymentId = '', absentId = ''] = [
      paid.payments[0]?.paymentId,
      '3f2b8c1e-5d0a-4b6f-9c7e-1a2b3c4d5e6f',
    ];
    const client = service.as(await issuer.token('u-1'));
    const [other, absent] = [
      await failure(client.getPayment({ paymentId })),
      await failure(client.getPayment({ paymentId: absentId })),
    ];
    expect(other).toMatchObject({ code: status.NOT_FOUND });
    expect(JSON.stringify(other).replaceAll(paymentId, absentId)).toBe(JSON.stringify(absent));
    const own = await service.as(await issuer.token('u-2')).getPayment({ paymentId });
    expect(own.payment).toMatchObject({ userId: 'u-2' });
  });

  it('has request ids of its own', async () => {
    const requestId = '8f14e45f-ceea-467f-a1d2-3c4b5a697887';
    for (const user of ['u-1', 'u-2']) {
      const reply = await service.as(await issuer.token(user)).executePayments({
        requestId,
        ...order(user, `id-${user}`),
      });
      expect(reply.payments).toMatchObject([{ userId: user, state: PaymentState.COMPLETED }]);
    }
  });

  it('with payments:admin acts for every other', async () => {
    const admin = service.as(await issuer.token('operator', { scope: 'payments:admin' }));
    const { payments } = await admin.executePayments(order('u-3', 'own-3'));
    expect(payments).toMatchObject([{ userId: 'u-3', state: PaymentState.COMPLETED }]);
    const { payment } = await admin.getPayment({ paymentId: payments[0]?.paymentId ?? '' });
    expect(payment).toMatchObject({ userId: 'u-3' });
  });
});
