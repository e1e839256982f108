import { createHmac, createPublicKey } from 'node:crypto';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { paymentServiceDefinition, readRpcError } from '@payments/contracts';
import { failure, won } from '../payment.fixture.ts';
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

const withHeader = (...values: string[]) => {
  const metadata = new Metadata();
  for (const value of values) metadata.add('authorization', value);
  return { metadata };
};

const order = (userId: string, reservationId: string) => ({
  userId,
  reservations: [won(reservationId)],
});

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token of parts that no library would put together. */
const forged = async (header: object, sign: (text: string) => string) => {
  const [, payload = ''] = (await issuer.token('u-1')).split('.');
  const text = `${base64url(header)}.${payload}`;
  return `${text}.${sign(text)}`;
};

const publicKeyPem = () => {
  const key = createPublicKey({ key: { ...issuer.publicKey() }, format: 'jwk' });
  return key.export({ type: 'spki', format: 'pem' });
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
    ['whose subject has half a character', () => issuer.token('u-\ud800')],
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
      () => forged({ alg: 'HS256', kid: 'key-1' }, hmac(publicKeyPem())),
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
    const before = await service.fixture.counts();
    const error = await failure(service.as(await makeToken()).executePayments(order('u-1', 'refused')));
    expect(error).toMatchObject({
      code: status.UNAUTHENTICATED,
      message: 'the token is not accepted',
      details: { reason: 'TOKEN_INVALID', domain: 'payment.v1' },
    });
    expect(await service.fixture.counts()).toEqual(before);
    expect(logged).toEqual([expect.stringContaining('a token was refused')]);
  });

  it('signed by a method that is not pinned, though its key is the issuer’s', async () => {
    issuer = closing.use(await openIssuer('ES384'));
    logged = service.trust(issuer);
    expect(await failure(service.as(await issuer.token('u-1')).listPayments({}))).toMatchObject({
      message: 'the token is not accepted',
    });
    expect(issuer.fetches()).toBe(0);
  });
});

describe('a token', () => {
  it('that is missing is told so', async () => {
    const client = service.as();
    expect(await failure(client.executePayments({}))).toMatchObject({
      code: status.UNAUTHENTICATED,
      details: { reason: 'TOKEN_MISSING' },
    });
  });

  it('that has expired and is good otherwise is told so', async () => {
    const error = await failure(service.as(await issuer.token('u-1', { endsInS: -60 })).listPayments({}));
    expect(error).toMatchObject({
      message: expect.stringContaining('expired'),
      details: { reason: 'TOKEN_INVALID' },
    });
  });

  it.each(['Basic dTpw', 'Bearer', 'Bearer abc', 'Bearer a.b', 'Bearer a.b.c.d.e', 'a.b.c'])(
    'is not what stands in the header %p',
    async (header) => {
      const client = service.as();
      expect(await failure(client.listPayments({}, withHeader(header)))).toMatchObject({
        details: { reason: 'TOKEN_INVALID' },
      });
    },
  );

  it('must be the only one in its header', async () => {
    const token = await issuer.token('u-1');
    const client = service.as();
    const error = await failure(client.listPayments({}, withHeader(`Bearer ${token}, Bearer ${token}`)));
    expect(error).toMatchObject({ details: { reason: 'TOKEN_INVALID' } });
  });

  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('may be signed by %s', async (alg) => {
    issuer = closing.use(await openIssuer(alg));
    logged = service.trust(issuer);
    const token = await issuer.token('u-1');
    expect((await service.as(token).listPayments({ userId: 'u-1', reservationId: alg })).payments).toEqual(
      [],
    );
  });

  it('leaves no part of itself in the log when it is refused', async () => {
    const token = await issuer.token('name-of-somebody', { endsInS: -60 });
    await failure(service.as(token).listPayments({}));
    expect(logged).toHaveLength(1);
    for (const part of [...token.split('.'), 'name-of-somebody']) expect(logged.join()).not.toContain(part);
  });

  it('has nothing that a stranger wrote into it told in the log', async () => {
    const word = 'card-4111111111111111';
    const token = await forged({ alg: 'ES256', kid: word, typ: word, crit: [word], [word]: 1 }, () => 'AAAA');
    await failure(service.as(token).listPayments({}));
    expect(logged).toEqual([expect.stringContaining('a token was refused')]);
    expect(logged.join()).not.toContain(word);
  });

  it('is asked for before anything of the request is read', async () => {
    const client = closing.adopt(
      new Client(service.fixture.server.address, credentials.createInsecure()),
      (opened) => opened.close(),
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
