import { expect, it } from '@jest/globals';
import { openPaymentClient, PaymentState } from '@payments/contracts';
import { eventually, startGatewayStandIn, startService, throwAwayDatabase } from '@payments/testing';
import { failure, won } from './payment.fixture.ts';

it('the process pays by AUTHORIZER_URL, finds out by itself what became of a charge in doubt, and says so without it', async () => {
  await using closing = new AsyncDisposableStack();
  const { url } = closing.use(await throwAwayDatabase());
  const standIn = closing.use(await startGatewayStandIn({ token: 'token-of-the-spec' }));
  const start = (env: Record<string, string>) =>
    startService({ app: 'payment', env: { DATABASE_URL: url, ...env } });
  const gateway = { AUTHORIZER_URL: standIn.url, AUTHORIZER_TOKEN: 'token-of-the-spec' };
  const refused = { status: 500, at: 'after' } as const;
  standIn.behave({ on: 'POST /charges', reservationId: 'r-1', times: 100, then: refused });
  {
    await using service = await start(gateway);
    await service.ready();
    const listening = await service.waitForLine(({ fields }) => fields['msg'] === 'listening');
    expect(listening.fields).toMatchObject({ gateway: true, tls: false, tokens: false });
    using client = openPaymentClient({ address: service.grpc ?? '' });
    const reservations = [won('r-1'), won('r-2')];
    const { payments } = await client.executePayments({ userId: 'user-of-the-spec', reservations });
    expect(payments.map(({ reservationId }) => reservationId)).toEqual(['r-1', 'r-2']);
    const paymentId = payments[0]?.paymentId ?? '';
    await eventually(async () => {
      const { payment } = await client.getPayment({ paymentId });
      expect(payment?.state).toBe(PaymentState.COMPLETED);
    });
    expect(standIn.ledger()).toHaveLength(2);
    standIn.behave({ on: 'POST /refunds', times: 1_000, then: refused });
    await failure(client.refundPayment({ paymentId }));
    // At its end all that it printed has been read.
    await service[Symbol.asyncDispose]();
    const printed = service.lines.map(({ text }) => text).join('\n');
    expect(printed).toContain('payment pending');
    expect(printed).toContain('payment completed');
    expect(printed).not.toMatch(/user-of-the-spec|token-of-the-spec/);
    expect(printed).not.toContain(new URL(standIn.url).host);
  }
  await using without = await start({});
  await without.ready();
  const line = await without.waitForLine('is left as it is');
  expect(line.fields).toMatchObject({ tasks: 1, asked_of: [new URL(standIn.url).host] });
});

it('recovery that fails with one payment again and again does not shut the payment gateway to the others', async () => {
  await using closing = new AsyncDisposableStack();
  const { url } = closing.use(await throwAwayDatabase());
  const standIn = closing.use(await startGatewayStandIn());
  const env = { DATABASE_URL: url, AUTHORIZER_URL: standIn.url };
  const service = closing.use(await startService({ app: 'payment', env }));
  await service.ready();
  using client = openPaymentClient({ address: service.grpc ?? '' });
  const pay = async (reservationId: string) => {
    const reservations = [won(reservationId)];
    return (await client.executePayments({ userId: 'u-1', reservations })).payments[0]?.state;
  };
  for (const on of ['POST /charges', 'GET /charges'] as const)
    standIn.behave({ on, reservationId: 'r-1', times: Infinity, then: { status: 500, at: 'after' } });
  expect(await pay('r-1')).toBe(PaymentState.PENDING);
  await service.waitForLine('the circuit to the payment gateway changed');
  expect(await pay('r-2')).toBe(PaymentState.COMPLETED);
});
