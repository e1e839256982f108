import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** An issuer of bearer tokens, with its keys at an endpoint. */
export type TokenIssuer = AsyncDisposable & {
  /** What the payment service has to be told. */
  env: Record<'AUTH_JWKS_URL' | 'AUTH_ISSUER' | 'AUTH_AUDIENCE', string>;
  /** A token with every scope. */
  token: (subject: string) => Promise<string>;
};

const [issuer, audience] = ['https://issuer.example', 'payments'];

/** Starts one on a free port. */
export async function openTokenIssuer(): Promise<TokenIssuer> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'ES256', use: 'sig' };
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const scope = 'payments:read payments:write payments:admin';
  return {
    env: { AUTH_JWKS_URL: `${address}/jwks`, AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience },
    token: (subject) =>
      new SignJWT({ iss: issuer, aud: audience, sub: subject, scope })
        .setProtectedHeader({ alg: 'ES256', kid: 'key-1', typ: 'at+jwt' })
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(privateKey),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
