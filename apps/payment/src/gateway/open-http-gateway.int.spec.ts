import { randomUUID } from 'node:crypto';
import { eventually, startGatewayStandIn } from '@payments/testing';
import type { GatewayStandIn } from '@payments/testing';
import { describe, expect, it } from '@jest/globals';
import { charge, open, quick, within } from './http-gateway.fixture.ts';
import type { HttpGateway } from './open-http-gateway.ts';

const on = 'POST /charges';

/** How many requests of a charge came, and what money moved. */
const seen = (gateway: GatewayStandIn) => ({
  requests: gateway.requests().map(({ answer }) => answer),
  charged: gateway.ledger().map(({ key }) => key),
});

describe('the payment gateway over HTTP', () => {
  it('charges, looks up, pays back', async () => {
    await using gateway = await startGatewayStandIn({ token: 'a-secret' });
    const { adapter, lines } = open({ url: `${gateway.url}/`, token: 'a-secret' });
    await using _ = adapter;
    const asked = charge();
    expect(await adapter.findCharge(asked.paymentId, within())).toEqual({ outcome: 'NONE' });
    expect(await adapter.charge(asked, within())).toEqual({ outcome: 'DONE' });
    expect(await adapter.findCharge(asked.paymentId, within())).toEqual({ outcome: 'DONE' });
    const refund = { refundId: randomUUID(), paymentId: asked.paymentId };
    expect(await adapter.refund(refund, within())).toEqual({ outcome: 'DONE' });
    const money = { reservationId: 'r-1', amountMinor: '1250', currency: 'USD' };
    expect(gateway.ledger()).toMatchObject([
      { key: asked.paymentId, kind: 'charge', ...money },
      { key: refund.refundId, kind: 'refund', charge: asked.paymentId, ...money },
    ]);
    expect(lines).toEqual([]);
  });

  it('passes on why it was declined, also when it is asked again', async () => {
    await using gateway = await startGatewayStandIn();
    await using adapter = open({ url: gateway.url }).adapter;
    gateway.behave({ on, then: { decline: 'insufficient_funds' } });
    const asked = charge();
    const declined = { outcome: 'DECLINED', code: 'insufficient_funds' };
    expect(await adapter.charge(asked, within())).toEqual(declined);
    expect(await adapter.charge(asked, within())).toEqual(declined);
    expect(await adapter.findCharge(asked.paymentId, within())).toEqual(declined);
    const refund = { refundId: randomUUID(), paymentId: asked.paymentId };
    expect(await adapter.refund(refund, within())).toEqual({ outcome: 'DECLINED', code: 'charge_not_found' });
  });

  it('reaches a gateway below a path', async () => {
    await using gateway = await startGatewayStandIn();
    await using adapter = open({ url: `${gateway.url}/pay/v2` }).adapter;
    expect((await adapter.charge(charge(), within())).outcome).toBe('NOT_ASKED');
    expect(gateway.requests().map((request) => request.on)).toEqual(['POST /pay/v2/charges']);
  });
});

describe('a charge that meets trouble', () => {
  it.each([
    ['was done and answered 500', { status: 500, at: 'after' }],
    ['was not done and answered 502', { status: 502, at: 'before' }],
    ['was done and answered with nonsense', { status: 200, at: 'after', body: '<html>' }],
    ['was done and answered too much', { status: 200, at: 'after', body: `"${'x'.repeat(200_000)}"` }],
    ['was done, and the connection was cut', { cut: 'after' }],
    ['was not done, and the connection was cut', { cut: 'before' }],
    ['was turned away', { status: 503, at: 'before', headers: { 'retry-after': '0' } }],
  ] as const)('%s: it is asked for again with its key, and made once', async (_, then) => {
    await using gateway = await startGatewayStandIn();
    await using adapter = open({ url: gateway.url }).adapter;
    const asked = charge();
    gateway.behave({ on, times: 2, then });
    expect(await adapter.charge(asked, within())).toEqual({ outcome: 'DONE' });
    expect(seen(gateway)).toEqual({
      requests: [expect.anything(), expect.anything(), 200],
      charged: [asked.paymentId],
    });
  });

  it.each([
    ['UNKNOWN', 500, 'after', {}],
    ['UNKNOWN', 503, 'before', {}],
    ['UNKNOWN', 503, 'after', {}],
    ['NOT_ASKED', 503, 'before', { 'retry-after': '0' }],
    ['NOT_ASKED', 429, 'before', { 'retry-after': '0' }],
    ['UNKNOWN', 408, 'before', {}],
  ] as const)('is %s after three answers of %d', async (outcome, status, at, headers) => {
    await using gateway = await startGatewayStandIn();
    await using adapter = open({ url: gateway.url }).adapter;
    gateway.behave({ on, times: Infinity, then: { status, at, headers } });
    expect((await adapter.charge(charge(), within())).outcome).toBe(outcome);
    expect(seen(gateway).requests).toEqual([status, status, status]);
  });

  it.each([
    ['NOT_ASKED', 400],
    ['NOT_ASKED', 403],
    ['UNKNOWN', 422],
    ['UNKNOWN', 307],
  ] as const)('is %s after one answer of %d, which people have to look at', async (outcome, status) => {
    await using gateway = await startGatewayStandIn();
    const { adapter, lines } = open({ url: gateway.url });
    await using _ = adapter;
    const asked = charge();
    const then = { status, at: 'before', headers: { location: `${gateway.url}/charges` } } as const;
    gateway.behave({ on, times: Infinity, then });
    expect((await adapter.charge(asked, within())).outcome).toBe(outcome);
    expect(seen(gateway)).toEqual({ requests: [status], charged: [] });
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { level: 'error', asking: 'POST /charges', key: asked.paymentId, outcome },
    ]);
  });

  it('stays unknown where only a later attempt was turned away', async () => {
    await using gateway = await startGatewayStandIn();
    await using adapter = open({ url: gateway.url }).adapter;
    const asked = charge();
    gateway.behave({ on, then: { cut: 'after' } });
    gateway.behave({ on, times: 2, then: { status: 429, at: 'before', headers: { 'retry-after': '0' } } });
    expect((await adapter.charge(asked, within())).outcome).toBe('UNKNOWN');
    expect(seen(gateway)).toEqual({ requests: ['cut', 429, 429], charged: [asked.paymentId] });
  });

  it('is under way elsewhere: asked again, then unknown', async () => {
    await using gateway = await startGatewayStandIn();
    await using adapter = open({ url: gateway.url }).adapter;
    const asked = charge();
    const held = gateway.hold({ on, at: 'before' });
    const first = adapter.charge(asked, within());
    await held.reached;
    expect((await adapter.charge(asked, within())).outcome).toBe('UNKNOWN');
    expect((await adapter.findCharge(asked.paymentId, within())).outcome).toBe('UNKNOWN');
    held.release();
    expect(await first).toEqual({ outcome: 'DONE' });
    expect(seen(gateway)).toEqual({ requests: [200, 409, 409, 409, 200], charged: [asked.paymentId] });
  });

  it('is made once by twenty that ask at the same time', async () => {
    await using gateway = await startGatewayStandIn();
    await using adapter = open({ url: gateway.url }).adapter;
    const asked = charge();
    gateway.behave({ on, times: 4, then: { cut: 'after' } });
    const answers = await Promise.all(Array.from({ length: 20 }, () => adapter.charge(asked, within())));
    expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set(['DONE']));
    expect(seen(gateway).charged).toEqual([asked.paymentId]);
  });
});

describe('a charge without an answer in time', () => {
  it('is unknown, at the end of its call and no later', async () => {
    await using gateway = await startGatewayStandIn();
    await using adapter = open({ url: gateway.url }).adapter;
    const held = gateway.hold({ on, at: 'after' });
    const started = performance.now();
    expect((await adapter.charge(charge(), within(400))).outcome).toBe('UNKNOWN');
    expect(performance.now() - started).toBeLessThan(5_000);
    await eventually(() => expect(seen(gateway).requests).toEqual(['cut']));
    held.release();
    expect(gateway.ledger()).toHaveLength(1);
  });

  it('is asked for again after the time of one attempt', async () => {
    await using gateway = await startGatewayStandIn();
    await using adapter = open({ url: gateway.url, timeoutMs: 3_000 }).adapter;
    const held = gateway.hold({ on, at: 'after' });
    expect(await adapter.charge(charge(), within())).toEqual({ outcome: 'DONE' });
    held.release();
    expect(gateway.requests()).toHaveLength(2);
    expect(gateway.ledger()).toHaveLength(1);
  });

  it('waits for no time to come back that is beyond its call', async () => {
    await using gateway = await startGatewayStandIn();
    await using adapter = open({ url: gateway.url }).adapter;
    gateway.behave({ on, then: { status: 503, at: 'before', headers: { 'retry-after': '3600' } } });
    expect((await adapter.charge(charge(), within())).outcome).toBe('NOT_ASKED');
    expect(seen(gateway).requests).toEqual([503]);
  });

  it('is unknown when it is broken off after it was sent, and not asked before', async () => {
    await using gateway = await startGatewayStandIn();
    await using adapter = open({ url: gateway.url }).adapter;
    const held = gateway.hold({ on, at: 'before' });
    const going = new AbortController();
    const asking = adapter.charge(charge(), within(60_000, going.signal));
    await held.reached;
    going.abort();
    expect((await asking).outcome).toBe('UNKNOWN');
    expect((await adapter.charge(charge(), within(60_000, going.signal))).outcome).toBe('NOT_ASKED');
    expect(gateway.requests()).toHaveLength(1);
    held.release();
  });
});

describe('the circuit of a gateway', () => {
  const options = { ...quick, circuit: { failures: 4, halfOpenAfterMs: 3_000 } };

  it('opens for one that is ill, and closes when it is well again', async () => {
    await using gateway = await startGatewayStandIn();
    const { adapter, lines } = open({ url: gateway.url }, options);
    await using _ = adapter;
    gateway.behave({ on, times: Infinity, then: { status: 500, at: 'before' } });
    expect((await adapter.charge(charge(), within())).outcome).toBe('UNKNOWN');
    expect((await adapter.charge(charge(), within())).outcome).toBe('UNKNOWN');
    expect(gateway.requests()).toHaveLength(4);
    expect((await adapter.charge(charge(), within())).outcome).toBe('NOT_ASKED');
    expect(gateway.requests()).toHaveLength(4);
    gateway.recover();
    await untilDone(adapter);
    const changes = lines.map((line) => JSON.parse(line) as { circuit: string; level: string });
    expect(changes.at(0)).toMatchObject({ circuit: 'open', level: 'warn' });
    expect(changes.at(-1)).toMatchObject({ circuit: 'closed', level: 'warn' });
  });

  it('stays closed for one that declines, and for one that has too much to do', async () => {
    await using gateway = await startGatewayStandIn();
    const { adapter, lines } = open({ url: gateway.url }, options);
    await using _ = adapter;
    gateway.behave({ on, times: 6, then: { decline: 'no' } });
    gateway.behave({ on, times: 6, then: { status: 429, at: 'before', headers: { 'retry-after': '0' } } });
    for (let charges = 0; charges < 8; charges += 1) await adapter.charge(charge(), within());
    expect((await adapter.charge(charge(), within())).outcome).toBe('DONE');
    expect(lines).toEqual([]);
  });
});

/** Charges anew until one is done. */
const untilDone = async (adapter: HttpGateway): Promise<void> => {
  const { outcome } = await adapter.charge(charge(), within());
  if (outcome === 'DONE') return;
  await new Promise((passed) => setTimeout(passed, 20));
  await untilDone(adapter);
};

it('logs neither address nor token, nor who pays what', async () => {
  await using gateway = await startGatewayStandIn({ token: 'the-token' });
  const url = gateway.url.replace('http://', 'http://someone:a-password@');
  const { adapter, lines } = open(
    { url, token: 'another-token' },
    { ...quick, circuit: { failures: 2, halfOpenAfterMs: 9_000 } },
  );
  await using _ = adapter;
  expect((await adapter.charge(charge('reservation-of-the-spec'), within())).outcome).toBe('NOT_ASKED');
  gateway.behave({ on, times: Infinity, then: { cut: 'before' } });
  await using away = open({ url: 'http://someone:a-password@127.0.0.1:1' }).adapter;
  await away.charge(charge('reservation-of-the-spec'), within());
  expect(lines.length).toBeGreaterThan(0);
  const logged = lines.join('');
  for (const secret of [
    'a-password',
    'another-token',
    '127.0.0.1',
    '1250',
    'user-of-the-spec',
    'reservation-of-the-spec',
  ])
    expect(logged).not.toContain(secret);
});
