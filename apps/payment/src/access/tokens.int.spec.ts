import { createHmac, createPublicKey } from 'node:crypto';
import type { JsonWebKeyInput } from 'node:crypto';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openPaymentClient, paymentServiceDefinition, PaymentState, readRpcError } from '@payments/contracts';
import { eventually } from '@payments/testing';
import { failure, openFixture, won } from '../payment.fixture.ts';
import type { Fixture } from '../payment.fixture.ts';
import { authenticateBy } from './authenticate.ts';
import type { Authenticate } from './authentication.ts';
import { openIssuer } from './issuer.fixture.ts';
import type { Issuer } from './issuer.fixture.ts';
import type { KeyTimes } from './token-keys.ts';

const suite = new AsyncDisposableStack();
let fixture: Fixture;
let closing: AsyncDisposableStack;
let issuer: Issuer;
let logged: string[];
/** Every spec has its own issuer; the service and its database are the same. */
let authenticate: Authenticate;

beforeAll(async () => {
  fixture = suite.use(await openFixture({ authenticate: (...call) => authenticate(...call) }));
});
afterAll(() => suite.disposeAsync());

beforeEach(async () => {
  closing = new AsyncDisposableStack();
  issuer = closing.use(await openIssuer());
  logged = [];
  trust();
});
afterEach(() => closing.disposeAsync());

/** Lets tokens of the issuer in; keys are fetched whenever it helps, unless the spec is about that. */
const trust = (times: Partial<KeyTimes> = {}) => {
  const keep = (fields: unknown, text?: string) => void logged.push(JSON.stringify([fields, text]));
  authenticate = authenticateBy({
    tokens: issuer.tokens,
    log: { info: keep, warn: keep } as never,
    times: { pauseMs: 0, cooldownMs: 0, ...times },
  });
};

const as = (token: string) => closing.use(openPaymentClient({ address: fixture.server.address, token }));

const withHeader = (...values: string[]) => {
  const metadata = new Metadata();
  for (const value of values) metadata.add('authorization', value);
  return { metadata };
};

const order = (userId: string, reservationId: string) => ({ userId, reservations: [won(reservationId)] });

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token of parts that no library would put together. */
const forged = async (header: object, sign: (text: string) => string) => {
  const [, payload = ''] = (await issuer.token('u-1')).split('.');
  const text = `${base64url(header)}.${payload}`;
  return `${text}.${sign(text)}`;
};

const publicKeyPem = () => {
  const input: JsonWebKeyInput = { key: issuer.publicKey() as JsonWebKeyInput['key'], format: 'jwk' };
  return createPublicKey(input).export({ type: 'spki', format: 'pem' });
};

const hmac = (secret: string | Buffer) => (text: string) =>
  createHmac('sha256', secret).update(text).digest('base64url');

const stranger = async () => {
  const other = closing.use(await openIssuer());
  return other.token('u-1');
};

describe('a token is not accepted, and nobody is told why,', () => {
  it.each<[string, () => Promise<string>]>([
    ['of another issuer', () => issuer.token('u-1', { claims: { iss: 'https://other.example' } })],
    ['for another audience', () => issuer.token('u-1', { claims: { aud: ['shipping', 'billing'] } })],
    ['without an audience', () => issuer.token('u-1', { claims: { aud: undefined } as never })],
    [
      'that is not valid yet',
      () => issuer.token('u-1', { claims: { nbf: Math.floor(Date.now() / 1_000) + 90 } }),
    ],
    ['that never ends', () => issuer.token('u-1', { claims: { exp: undefined } as never })],
    ['without a subject', () => issuer.token('u-1', { claims: { sub: undefined } as never })],
    ['with an empty subject', () => issuer.token('')],
    ['whose subject is too long for an id', () => issuer.token('u'.repeat(201))],
    ['whose subject has control characters', () => issuer.token('u-1\n')],
    ['whose subject is no text', () => issuer.token('u-1', { claims: { sub: 7 } as never })],
    ['that is for a logout', () => issuer.token('u-1', { header: { typ: 'logout+jwt' } })],
    ['with an extension that is not known', () => issuer.token('u-1', { header: { crit: ['x'], x: 1 } })],
    ['of an unknown key', () => issuer.token('u-1', { header: { kid: 'another' } })],
    ['that another key signed under the same name', stranger],
    [
      'that has expired and that another key signed',
      async () => {
        const other = closing.use(await openIssuer());
        return other.token('u-1', { endsInS: -3_600 });
      },
    ],
    ['without a signature', () => forged({ alg: 'none' }, () => '')],
    ['without a signature, in odd spelling', () => forged({ alg: 'nOnE', kid: 'key-1' }, () => '')],
    ['whose signature was taken off', () => forged({ alg: 'ES256', kid: 'key-1' }, () => '')],
    [
      'signed with the public key as a secret',
      () => forged({ alg: 'HS256', kid: 'key-1' }, hmac(publicKeyPem() as string)),
    ],
    ['signed with an empty secret', () => forged({ alg: 'HS256', kid: 'key-1' }, hmac(''))],
    [
      'whose payload was changed',
      async () => {
        const [header, , signature] = (await issuer.token('u-1')).split('.');
        const [, payload] = (await issuer.token('u-2')).split('.');
        return [header, payload, signature].join('.');
      },
    ],
  ])('%s', async (_, makeToken) => {
    const before = await fixture.counts();
    const error = await failure(as(await makeToken()).executePayments(order('u-1', 'refused')));
    expect(error).toMatchObject({
      code: status.UNAUTHENTICATED,
      message: 'the token is not accepted',
      details: { reason: 'TOKEN_INVALID', domain: 'payment.v1' },
    });
    expect(await fixture.counts()).toEqual(before);
    expect(logged).toEqual([expect.stringContaining('a token was refused')]);
  });

  it('signed by a method that is not pinned, though its key is the issuer’s', async () => {
    issuer = closing.use(await openIssuer('ES384'));
    trust();
    expect(await failure(as(await issuer.token('u-1')).listPayments({}))).toMatchObject({
      message: 'the token is not accepted',
    });
    expect(issuer.fetches()).toBe(0);
  });
});

describe('a token', () => {
  it('that is missing is told so', async () => {
    const client = closing.use(openPaymentClient({ address: fixture.server.address }));
    expect(await failure(client.executePayments({}))).toMatchObject({
      code: status.UNAUTHENTICATED,
      details: { reason: 'TOKEN_MISSING' },
    });
  });

  it('that has expired and is good otherwise is told so', async () => {
    const error = await failure(as(await issuer.token('u-1', { endsInS: -60 })).listPayments({}));
    expect(error).toMatchObject({
      message: expect.stringContaining('expired'),
      details: { reason: 'TOKEN_INVALID' },
    });
  });

  it.each(['Basic dTpw', 'Bearer', 'Bearer abc', 'Bearer a.b', 'Bearer a.b.c.d.e', 'a.b.c'])(
    'is not what stands in the header %p',
    async (header) => {
      const client = closing.use(openPaymentClient({ address: fixture.server.address }));
      expect(await failure(client.listPayments({}, withHeader(header)))).toMatchObject({
        details: { reason: 'TOKEN_INVALID' },
      });
    },
  );

  it('must be the only one in its header', async () => {
    const token = await issuer.token('u-1');
    const client = closing.use(openPaymentClient({ address: fixture.server.address }));
    const error = await failure(client.listPayments({}, withHeader(`Bearer ${token}, Bearer ${token}`)));
    expect(error).toMatchObject({ details: { reason: 'TOKEN_INVALID' } });
  });

  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('may be signed by %s', async (alg) => {
    issuer = closing.use(await openIssuer(alg));
    trust();
    const token = await issuer.token('u-1');
    expect((await as(token).listPayments({ userId: 'u-1', reservationId: alg })).payments).toEqual([]);
  });

  it('leaves no part of itself in the log when it is refused', async () => {
    const token = await issuer.token('name-of-somebody', { endsInS: -60 });
    await failure(as(token).listPayments({}));
    expect(logged).toHaveLength(1);
    for (const part of [...token.split('.'), 'name-of-somebody']) expect(logged.join()).not.toContain(part);
  });

  it('is asked for before anything of the request is read', async () => {
    const client = closing.adopt(new Client(fixture.server.address, credentials.createInsecure()), (opened) =>
      opened.close(),
    );
    const { path } = paymentServiceDefinition.executePayments;
    const send = (bytes: Buffer, metadata = new Metadata()) =>
      new Promise<number | undefined>((resolve) => {
        const done = (error: Error | null) => resolve(readRpcError(error)?.code);
        client.makeUnaryRequest(
          path,
          (body: Buffer) => body,
          (body) => body,
          bytes,
          metadata,
          done,
        );
      });
    const undecodable = Buffer.from([0xff, 0xff]);
    const tooLarge = Buffer.alloc(3 * 1_024 * 1_024);
    expect(await send(undecodable)).toBe(status.UNAUTHENTICATED);
    expect(await send(tooLarge)).toBe(status.UNAUTHENTICATED);
    const { metadata } = withHeader(`Bearer ${await issuer.token('u-1')}`);
    expect(await send(undecodable, metadata)).not.toBe(status.UNAUTHENTICATED);
    expect(await send(tooLarge, metadata)).toBe(status.RESOURCE_EXHAUSTED);
  });
});

describe('keys', () => {
  it('may be rotated: a new one is fetched when it is first seen, and the old one is of no use then', async () => {
    const old = await issuer.token('u-1');
    await as(old).listPayments({ userId: 'u-1' });
    await issuer.rotate();
    await as(await issuer.token('u-1')).listPayments({ userId: 'u-1' });
    expect(issuer.fetches()).toBe(2);
    expect(await failure(as(old).listPayments({}))).toMatchObject({ details: { reason: 'TOKEN_INVALID' } });
  });

  it('are not fetched for every token with an unknown key', async () => {
    trust({ cooldownMs: 600_000 });
    await as(await issuer.token('u-1')).listPayments({ userId: 'u-1' });
    const unknown = await issuer.token('u-1', { header: { kid: 'another' } });
    const errors = await Promise.all(Array.from({ length: 20 }, () => failure(as(unknown).listPayments({}))));
    expect(new Set(errors.map(({ details }) => details?.reason))).toEqual(new Set(['TOKEN_INVALID']));
    expect(issuer.fetches()).toBe(1);
  });

  it('that cannot be had make the service unavailable, and not the token invalid', async () => {
    issuer.answer(500);
    const client = as(await issuer.token('u-1'));
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
    trust({ timeoutMs: 100 });
    issuer.answer(0);
    expect(await failure(as(await issuer.token('u-1')).listPayments({}))).toMatchObject({
      details: { reason: 'TOKEN_KEYS_UNAVAILABLE' },
    });
  });

  it('are asked for at a bounded pace while they cannot be had', async () => {
    trust({ pauseMs: 600_000 });
    issuer.answer(500);
    const client = as(await issuer.token('u-1'));
    for (let call = 0; call < 10; call += 1) await failure(client.listPayments({}));
    expect(issuer.fetches()).toBe(1);
  });

  it('that are known go on while the issuer is away; only a new one is waited for', async () => {
    const client = as(await issuer.token('u-1'));
    await client.listPayments({ userId: 'u-1' });
    issuer.answer(500);
    expect(await client.listPayments({ userId: 'u-1' })).toBeDefined();
    await issuer.rotate();
    expect(await failure(as(await issuer.token('u-1')).listPayments({}))).toMatchObject({
      details: { reason: 'TOKEN_KEYS_UNAVAILABLE' },
    });
  });

  it('that were taken back are dropped, though nobody asks for another', async () => {
    trust({ refreshMs: 0, cooldownMs: 600_000 });
    const client = as(await issuer.token('u-1'));
    await client.listPayments({ userId: 'u-1' });
    await issuer.rotate();
    await eventually(async () => {
      expect(await failure(client.listPayments({}))).toMatchObject({ details: { reason: 'TOKEN_INVALID' } });
    });
  });

  it('are not trusted for ever while the issuer is away', async () => {
    trust({ trustedMs: 1 });
    const client = as(await issuer.token('u-1'));
    await client.listPayments({ userId: 'u-1' });
    issuer.answer(500);
    await eventually(async () => {
      expect(await failure(client.listPayments({}))).toMatchObject({
        details: { reason: 'TOKEN_KEYS_UNAVAILABLE' },
      });
    });
  });
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
    const before = await fixture.counts();
    for (const held of [other, '', 'openid payments:writes payments']) {
      const client = as(await issuer.token('u-1', { scope: held }));
      const request = method === 'executePayments' ? order('u-1', `scope-${held}`) : payments;
      expect(await failure(client[method](request as never))).toMatchObject({
        code: status.PERMISSION_DENIED,
        details: { reason: 'SCOPE_MISSING', metadata: { scope } },
      });
    }
    expect(await fixture.counts()).toEqual(before);
  });

  it.each([
    { scope: 'openid payments:write' },
    { scp: 'payments:write openid' },
    { scp: ['openid', 'payments:write'] },
    { scope: 'payments:admin' },
  ])('is read from the claims %p', async (claims) => {
    const client = as(await issuer.token('u-1', { claims: { scope: undefined, ...claims } as never }));
    const { payments: paid } = await client.executePayments(order('u-1', JSON.stringify(claims)));
    expect(paid).toMatchObject([{ state: PaymentState.COMPLETED }]);
  });
});

describe('a user', () => {
  it('pays as itself alone', async () => {
    const before = await fixture.counts();
    const error = await failure(as(await issuer.token('u-1')).executePayments(order('u-2', 'own-1')));
    expect(error).toMatchObject({ code: status.PERMISSION_DENIED, details: { reason: 'OTHER_USER' } });
    expect(await fixture.counts()).toEqual(before);
  });

  it('does not learn of another’s payment, not even that it is there', async () => {
    const paid = await as(await issuer.token('u-2')).executePayments(order('u-2', 'own-2'));
    const [paymentId = '', absentId = ''] = [
      paid.payments[0]?.paymentId,
      '3f2b8c1e-5d0a-4b6f-9c7e-1a2b3c4d5e6f',
    ];
    const client = as(await issuer.token('u-1'));
    const [other, absent] = [
      await failure(client.getPayment({ paymentId })),
      await failure(client.getPayment({ paymentId: absentId })),
    ];
    expect(other).toMatchObject({ code: status.NOT_FOUND });
    expect(JSON.stringify(other).replaceAll(paymentId, absentId)).toBe(JSON.stringify(absent));
    const own = await as(await issuer.token('u-2')).getPayment({ paymentId });
    expect(own.payment).toMatchObject({ userId: 'u-2' });
  });

  it('has request ids of its own', async () => {
    const requestId = '8f14e45f-ceea-467f-a1d2-3c4b5a697887';
    for (const user of ['u-1', 'u-2']) {
      const reply = await as(await issuer.token(user)).executePayments({
        requestId,
        ...order(user, `id-${user}`),
      });
      expect(reply.payments).toMatchObject([{ userId: user, state: PaymentState.COMPLETED }]);
    }
  });

  it('with payments:admin acts for every other', async () => {
    const admin = as(await issuer.token('operator', { scope: 'payments:admin' }));
    const { payments } = await admin.executePayments(order('u-3', 'own-3'));
    expect(payments).toMatchObject([{ userId: 'u-3', state: PaymentState.COMPLETED }]);
    const { payment } = await admin.getPayment({ paymentId: payments[0]?.paymentId ?? '' });
    expect(payment).toMatchObject({ userId: 'u-3' });
  });
});
