import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { startGatewayStandIn, type GatewayStandIn } from './gateway-stand-in.ts';
import { pollUntil } from './poll-until.ts';

const order = { user_id: 'u-1', reservation_id: 'r-1', amount_minor: '1250', currency: 'USD' };

const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const charge = (gateway: GatewayStandIn, key: string, body: unknown = order) =>
  post(`${gateway.url}/charges`, body, { 'idempotency-key': key });
const refund = (gateway: GatewayStandIn, key: string, of: string) =>
  post(`${gateway.url}/refunds`, { charge: of }, { 'idempotency-key': key });
const find = (gateway: GatewayStandIn, key: string) => fetch(`${gateway.url}/charges/${key}`);
const answerOf = async (response: Promise<Response>) => {
  const { status, json } = await response.then(async (got) => ({
    status: got.status,
    json: await got.json(),
  }));
  return [status, json];
};
const charged = [200, { status: 'charged' }];

describe('the gateway stand-in', () => {
  it('charges, tells so, pays back, and keeps books of the money', async () => {
    await using gateway = await startGatewayStandIn();
    const [key, refundKey] = [randomUUID(), randomUUID()];
    expect(await answerOf(charge(gateway, key))).toEqual(charged);
    expect(await answerOf(find(gateway, key))).toEqual(charged);
    expect(await answerOf(refund(gateway, refundKey, key))).toEqual([200, { status: 'refunded' }]);
    const money = { reservationId: 'r-1', amountMinor: '1250', currency: 'USD' };
    const at = expect.stringMatching(/^\d{4}-.*Z$/) as unknown;
    expect(gateway.ledger()).toEqual([
      { key, kind: 'charge', ...money, at },
      { key: refundKey, kind: 'refund', charge: key, ...money, at },
    ]);
    expect(gateway.requests().map(({ on, answer, reservationId }) => [on, answer, reservationId])).toEqual([
      ['POST /charges', 200, 'r-1'],
      ['GET /charges', 200, 'r-1'],
      ['POST /refunds', 200, 'r-1'],
    ]);
  });

  it('answers a repeat as the first time and moves money once, also for many at the same time', async () => {
    await using gateway = await startGatewayStandIn();
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => answerOf(charge(gateway, key))));
    expect(answers).toEqual(answers.map(() => charged));
    expect(await answerOf(charge(gateway, key.toUpperCase()))).toEqual(charged);
    await charge(gateway, randomUUID());
    expect(gateway.ledger()).toHaveLength(2);
  });

  it('refuses a key that comes with another body, and a key that is under way', async () => {
    await using gateway = await startGatewayStandIn();
    const key = randomUUID();
    const held = gateway.hold({ on: 'POST /charges', at: 'before' });
    const first = answerOf(charge(gateway, key));
    expect(await held.reached).toEqual({ key });
    expect(await answerOf(charge(gateway, key))).toEqual([409, { error: 'in_progress' }]);
    expect(await answerOf(find(gateway, key))).toEqual([200, { status: 'processing' }]);
    expect(gateway.ledger()).toEqual([]);
    held.release();
    expect(await first).toEqual(charged);
    const other = { ...order, amount_minor: '1251' };
    expect(await answerOf(charge(gateway, key, other))).toEqual([422, { error: 'key_reused' }]);
    expect(await answerOf(refund(gateway, key, key))).toEqual([422, { error: 'key_reused' }]);
    expect(gateway.ledger()).toHaveLength(1);
  });

  it('pays back only what was charged, and once', async () => {
    await using gateway = await startGatewayStandIn();
    const key = randomUUID();
    const declined = (code: string) => [402, { status: 'declined', code }];
    const early = randomUUID();
    expect(await answerOf(refund(gateway, early, key))).toEqual(declined('charge_not_found'));
    await charge(gateway, key);
    expect(await answerOf(refund(gateway, early, key))).toEqual(declined('charge_not_found'));
    const refundKey = randomUUID();
    expect(await answerOf(refund(gateway, refundKey, key))).toEqual([200, { status: 'refunded' }]);
    expect(await answerOf(refund(gateway, refundKey, key))).toEqual([200, { status: 'refunded' }]);
    expect(await answerOf(refund(gateway, randomUUID(), key))).toEqual(declined('already_refunded'));
    expect(gateway.ledger().map(({ kind }) => kind)).toEqual(['charge', 'refund']);
  });

  it('has never heard of a charge that was not asked for', async () => {
    await using gateway = await startGatewayStandIn();
    expect(await answerOf(find(gateway, randomUUID()))).toEqual([404, { status: 'not_found' }]);
    expect((await fetch(`${gateway.url}/payments`)).status).toBe(404);
  });

  it('asks for its token', async () => {
    await using gateway = await startGatewayStandIn({ token: 'secret' });
    const url = `${gateway.url}/charges`;
    const key = { 'idempotency-key': randomUUID() };
    expect((await post(url, order, key)).status).toBe(401);
    expect((await post(url, order, { ...key, authorization: 'Bearer other' })).status).toBe(401);
    expect((await find(gateway, key['idempotency-key'])).status).toBe(401);
    expect(gateway.ledger()).toEqual([]);
    expect(await answerOf(post(url, order, { ...key, authorization: 'Bearer secret' }))).toEqual(charged);
  });

  it.each([
    ['body', '{"user_id":'],
    ['body', []],
    ['user_id', { ...order, user_id: '' }],
    ['reservation_id', { ...order, reservation_id: 1 }],
    ['amount_minor', { ...order, amount_minor: 1250 }],
    ['amount_minor', { ...order, amount_minor: '0' }],
    ['amount_minor', { ...order, amount_minor: '12.50' }],
    ['currency', { ...order, currency: 'usd' }],
    ['amount', { ...order, amount: '1' }],
  ])('names the field %s of a body that breaks the contract: %j', async (field, body) => {
    await using gateway = await startGatewayStandIn();
    const invalid = [400, { error: 'invalid_request', field }];
    expect(await answerOf(charge(gateway, randomUUID(), body))).toEqual(invalid);
    expect(gateway.ledger()).toEqual([]);
  });

  it('asks for a key that is one, and for JSON', async () => {
    await using gateway = await startGatewayStandIn();
    const url = `${gateway.url}/charges`;
    const invalid = (field: string) => [400, { error: 'invalid_request', field }];
    expect(await answerOf(post(url, order))).toEqual(invalid('Idempotency-Key'));
    expect(await answerOf(charge(gateway, 'k-1'))).toEqual(invalid('Idempotency-Key'));
    expect(await answerOf(find(gateway, 'k-1'))).toEqual(invalid('key'));
    const text = { 'idempotency-key': randomUUID(), 'content-type': 'text/plain' };
    expect(await answerOf(post(url, order, text))).toEqual(invalid('Content-Type'));
    expect(await answerOf(refund(gateway, randomUUID(), 'k-1'))).toEqual(invalid('charge'));
  });
});

describe('a gateway stand-in told to fail', () => {
  it('declines for good', async () => {
    await using gateway = await startGatewayStandIn();
    const key = randomUUID();
    gateway.behave({ on: 'POST /charges', then: { decline: 'insufficient_funds' } });
    const declined = { status: 'declined', code: 'insufficient_funds' };
    expect(await answerOf(charge(gateway, key))).toEqual([402, declined]);
    expect(await answerOf(charge(gateway, key))).toEqual([402, declined]);
    expect(await answerOf(find(gateway, key))).toEqual([200, declined]);
    expect(gateway.ledger()).toEqual([]);
    expect(gateway.declined()).toMatchObject([{ key, kind: 'charge', code: 'insufficient_funds' }]);
  });

  it('fails before the money moved, and remembers nothing of it, or after', async () => {
    await using gateway = await startGatewayStandIn();
    const [before, after] = [randomUUID(), randomUUID()];
    gateway.behave({
      on: 'POST /charges',
      key: before,
      then: { status: 503, at: 'before', headers: { 'retry-after': '7' } },
    });
    gateway.behave({ on: 'POST /charges', key: after, then: { status: 200, at: 'after', body: 'nonsense' } });
    const refused = await charge(gateway, before);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '7']);
    expect((await find(gateway, before)).status).toBe(404);
    expect(await (await charge(gateway, after)).text()).toBe('nonsense');
    expect(gateway.ledger().map(({ key }) => key)).toEqual([after]);
    expect(await answerOf(charge(gateway, before))).toEqual(charged);
  });

  it('cuts the connection before the money moved, or after', async () => {
    await using gateway = await startGatewayStandIn();
    const [before, after] = [randomUUID(), randomUUID()];
    gateway.behave({ on: 'POST /charges', then: { cut: 'before' } });
    gateway.behave({ on: 'POST /charges', then: { cut: 'after' } });
    await expect(charge(gateway, before)).rejects.toThrow();
    expect(gateway.ledger()).toEqual([]);
    await expect(charge(gateway, after)).rejects.toThrow();
    expect(gateway.ledger().map(({ key }) => key)).toEqual([after]);
    expect(gateway.requests().map(({ answer }) => answer)).toEqual(['cut', 'cut']);
  });

  it('holds after the money moved, and does its work although who asked went away', async () => {
    await using gateway = await startGatewayStandIn();
    const [after, before] = [randomUUID(), randomUUID()];
    const heldAfter = gateway.hold({ on: 'POST /charges', key: after, at: 'after' });
    const heldBefore = gateway.hold({ on: 'POST /charges', key: before, at: 'before', decline: 'too_late' });
    const going = new AbortController();
    const init = { method: 'POST', body: JSON.stringify(order), signal: going.signal };
    const asked = [after, before].map((key) =>
      fetch(`${gateway.url}/charges`, {
        ...init,
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
      }),
    );
    await heldAfter.reached;
    await heldBefore.reached;
    expect(gateway.ledger().map(({ key }) => key)).toEqual([after]);
    going.abort();
    await expect(Promise.all(asked)).rejects.toThrow();
    heldBefore.release();
    heldAfter.release();
    await pollUntil({ for: 'the decision', timeoutMs: 10_000 }, () =>
      Promise.resolve(gateway.declined().length === 1 || undefined),
    );
    expect(gateway.declined()).toMatchObject([{ key: before, code: 'too_late' }]);
  });

  it('holds a request that it does not know of yet, and takes it as a repeat if another one came first', async () => {
    await using gateway = await startGatewayStandIn();
    const key = randomUUID();
    const held = gateway.hold({ on: 'POST /charges', at: 'arrival' });
    const late = answerOf(charge(gateway, key));
    await held.reached;
    expect((await find(gateway, key)).status).toBe(404);
    expect(await answerOf(charge(gateway, key))).toEqual(charged);
    held.release();
    expect(await late).toEqual(charged);
    expect(gateway.ledger()).toHaveLength(1);
  });

  it('works longer, as often as asked, on the requests that fit, until it is mended', async () => {
    await using gateway = await startGatewayStandIn();
    const slow = { on: 'POST /charges', reservationId: 'r-1', times: 2, then: { delayMs: 50 } } as const;
    gateway.behave(slow);
    const key = randomUUID();
    const started = performance.now();
    await charge(gateway, randomUUID(), { ...order, reservation_id: 'r-2' });
    const asked = charge(gateway, key);
    expect(await answerOf(asked)).toEqual(charged);
    expect(performance.now() - started).toBeGreaterThan(45);
    gateway.behave({ on: 'POST /refunds', reservationId: 'r-1', then: { decline: 'closed' } });
    expect((await refund(gateway, randomUUID(), key)).status).toBe(402);
    gateway.behave({ on: 'GET /charges', times: Infinity, then: { status: 500, at: 'before' } });
    expect((await find(gateway, key)).status).toBe(500);
    gateway.recover();
    expect((await find(gateway, key)).status).toBe(200);
  });
});
