import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK, JWTPayload } from 'jose';

/** What a token says; what is not given is good. */
export type TokenOptions = {
  /** Claims that replace the good ones; undefined leaves one out. */
  claims?: JWTPayload;
  scope?: string;
  /** Seconds from now to its end. Default 300. */
  endsInS?: number;
  /** Parts of the header that replace the good ones. */
  header?: Record<string, unknown>;
};

/** An issuer of tokens with a JWKS endpoint, within the process of a spec. */
export type Issuer = AsyncDisposable & {
  /** What the service has to be told. */
  tokens: { jwksUrl: string; issuer: string; audience: string };
  /** Signs a token of a user with the key in use. */
  token: (subject: string, options?: TokenOptions) => Promise<string>;
  /** Makes a new key, the only one from then on. */
  rotate: () => Promise<void>;
  /** The public key in use. */
  publicKey: () => JWK;
  /** How often keys were asked for. */
  fetches: () => number;
  /** The status that the endpoint answers with from now on; 0: it does not answer. Default 200. */
  answer: (status: number) => void;
};

const issuer = 'https://issuer.example';
const audience = 'payments';

const sign = (
  { key, kid, alg }: { key: CryptoKey; kid: string; alg: string },
  subject: string,
  { claims = {}, scope = 'payments:read payments:write', endsInS = 300, header = {} }: TokenOptions,
): Promise<string> => {
  const now = Math.floor(Date.now() / 1_000);
  const payload = {
    iss: issuer,
    aud: audience,
    sub: subject,
    iat: now,
    exp: now + endsInS,
    scope,
    ...claims,
  };
  return new SignJWT(payload)
    .setProtectedHeader({ alg, kid, typ: 'at+jwt', ...header })
    .sign(key, { crit: { x: true } });
};

/** Starts an issuer. @param alg how its tokens are signed */
export const openIssuer = async (alg = 'ES256'): Promise<Issuer> => {
  let [status, fetches, made] = [200, 0, 0];
  const makeKey = async () => {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const kid = `key-${(made += 1)}`;
    return { key: privateKey, kid, alg, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
  };
  let current = await makeKey();
  const server = createServer((_request, response) => {
    fetches += 1;
    if (status === 0) return;
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify({ keys: [current.jwk] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    tokens: { jwksUrl: `http://127.0.0.1:${port}/jwks`, issuer, audience },
    token: (subject, options = {}) => sign(current, subject, options),
    rotate: async () => void (current = await makeKey()),
    publicKey: () => current.jwk,
    fetches: () => fetches,
    answer: (next) => void (status = next),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
