import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, rawGrpc } from '@payments/testing';
import { failure } from '../payment.fixture.ts';
import { openIssuer } from './issuer.fixture.ts';
import type { Issuer } from './issuer.fixture.ts';
import { openTrustingService } from './trusting-service.fixture.ts';
import type { TrustingService } from './trusting-service.fixture.ts';

let service: TrustingService;
let closing: AsyncDisposableStack;
let issuer: Issuer;
let logged: string[];

beforeAll(async () => {
  service = await openTrustingService();
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

beforeEach(async () => {
  closing = new AsyncDisposableStack();
  issuer = closing.use(await openIssuer());
  logged = service.trust(issuer);
});
afterEach(() => closing.disposeAsync());

/** Calls of a stranger that wait for the keys, and go on waiting: the first 200 of each connection get in. */
const strangersWait = async (token: string, connections: number): Promise<void> => {
  for (let connection = 0; connection < connections; connection += 1) {
    const { session } = closing.use(await rawGrpc(service.fixture.server.address));
    for (let call = 0; call < 200; call += 1) {
      const headers = { 'content-type': 'application/grpc', authorization: `Bearer ${token}` };
      session
        .request({ ':method': 'POST', ':path': '/payment.v1.PaymentService/ListPayments', ...headers })
        .on('error', () => undefined);
    }
    // The answer comes after those streams were opened.
    await new Promise((resolve) => session.ping(resolve));
  }
};

describe('keys', () => {
  it('may be rotated: a new one is fetched when it is first seen, and the old one is of no use then', async () => {
    const old = await issuer.token('u-1');
    await service.as(old).listPayments({ userId: 'u-1' });
    await issuer.rotate();
    await service.as(await issuer.token('u-1')).listPayments({ userId: 'u-1' });
    expect(issuer.fetches()).toBe(2);
    expect(await failure(service.as(old).listPayments({}))).toMatchObject({
      details: { reason: 'TOKEN_INVALID' },
    });
  });

  it('are not fetched for every token with an unknown key', async () => {
    service.trust(issuer, { cooldownMs: 600_000 });
    await service.as(await issuer.token('u-1')).listPayments({ userId: 'u-1' });
    const unknown = await issuer.token('u-1', { header: { kid: 'another' } });
    const errors = await Promise.all(
      Array.from({ length: 20 }, () => failure(service.as(unknown).listPayments({}))),
    );
    expect(new Set(errors.map(({ details }) => details?.reason))).toEqual(new Set(['TOKEN_INVALID']));
    expect(issuer.fetches()).toBe(1);
  });

  it('that cannot be had make the service unavailable, and not the token invalid', async () => {
    issuer.answer(500);
    const client = service.as(await issuer.token('u-1'));
    expect(await failure(client.listPayments({}))).toMatchObject({
      code: status.UNAVAILABLE,
      details: { reason: 'TOKEN_KEYS_UNAVAILABLE', retryDelayMs: expect.any(Number) },
    });
    issuer.answer(200);
    expect(await client.listPayments({ userId: 'u-1' })).toBeDefined();
    expect(logged.map((line) => /cannot be fetched|fetched again/.exec(line)?.[0])).toEqual([
      'cannot be fetched',
      'fetched again',
    ]);
  });

  it('are not waited for longer than a fetch may take', async () => {
    service.trust(issuer, { timeoutMs: 100 });
    issuer.answer(0);
    expect(await failure(service.as(await issuer.token('u-1')).listPayments({}))).toMatchObject({
      details: { reason: 'TOKEN_KEYS_UNAVAILABLE' },
    });
  });

  it('are asked for at a bounded pace while they cannot be had', async () => {
    service.trust(issuer, { pauseMs: 600_000 });
    issuer.answer(500);
    const client = service.as(await issuer.token('u-1'));
    for (let call = 0; call < 10; call += 1) await failure(client.listPayments({}));
    expect(issuer.fetches()).toBe(1);
  });

  it('that are known go on while the issuer is away; only a new one is waited for', async () => {
    const client = service.as(await issuer.token('u-1'));
    await client.listPayments({ userId: 'u-1' });
    issuer.answer(500);
    expect(await client.listPayments({ userId: 'u-1' })).toBeDefined();
    await issuer.rotate();
    expect(await failure(service.as(await issuer.token('u-1')).listPayments({}))).toMatchObject({
      details: { reason: 'TOKEN_KEYS_UNAVAILABLE' },
    });
  });

  it('that do not come take no place from those whose key is known, however many strangers wait for them', async () => {
    service.trust(issuer, { timeoutMs: 10_000 });
    const client = service.as(await issuer.token('u-1'));
    await client.listPayments({ userId: 'u-1' });
    issuer.answer(0);
    await strangersWait(await issuer.token('u-1', { header: { kid: 'another' } }), 6);
    expect(issuer.fetches()).toBe(2);
    expect(await client.listPayments({ userId: 'u-1' })).toBeDefined();
  });

  it('that were taken back are dropped, though nobody asks for another', async () => {
    service.trust(issuer, { refreshMs: 0, cooldownMs: 600_000 });
    const client = service.as(await issuer.token('u-1'));
    await client.listPayments({ userId: 'u-1' });
    await issuer.rotate();
    await eventually(async () => {
      expect(await failure(client.listPayments({}))).toMatchObject({ details: { reason: 'TOKEN_INVALID' } });
    });
  });

  it('are not trusted for ever while the issuer is away', async () => {
    service.trust(issuer, { trustedMs: 1 });
    const client = service.as(await issuer.token('u-1'));
    await client.listPayments({ userId: 'u-1' });
    issuer.answer(500);
    await eventually(async () => {
      expect(await failure(client.listPayments({}))).toMatchObject({
        details: { reason: 'TOKEN_KEYS_UNAVAILABLE' },
      });
    });
  });
});
