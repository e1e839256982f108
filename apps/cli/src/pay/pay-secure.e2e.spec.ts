import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, throwAwayDatabase } from '@payments/testing';
import { generate } from 'selfsigned';
import { startCommand } from '../start-command.fixture.ts';

/** A certificate of this machine that is its own authority. */
const certificate = () =>
  generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** A token as an issuer makes it (RFC 7515). */
const tokenOf = (subject: string, scope: string): string => {
  const now = Math.floor(Date.now() / 1_000);
  const claims = {
    iss: 'https://issuer.example',
    aud: 'payments',
    sub: subject,
    scope,
    iat: now,
    exp: now + 600,
  };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${part({ alg: 'ES256', kid: 'k', typ: 'at+jwt' })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
};

let closing: AsyncDisposableStack;
let folder: string;
let address: string;
let clearAddress: string;

beforeAll(async () => {
  closing = new AsyncDisposableStack();
  folder = await mkdtemp(join(tmpdir(), 'pay-'));
  closing.defer(() => rm(folder, { recursive: true }));
  for (const name of ['own', 'other']) {
    const { cert, private: key } = await certificate();
    await writeFile(join(folder, `${name}.crt`), cert);
    await writeFile(join(folder, `${name}.key`), key);
  }
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES256', use: 'sig' };
  const keys = createServer((_, reply) => reply.end(JSON.stringify({ keys: [jwk] }))).listen(0, '127.0.0.1');
  await once(keys, 'listening');
  closing.defer(() => void keys.close());
  const { url } = closing.use(await throwAwayDatabase());
  const service = closing.use(
    await startService({
      app: 'payment',
      env: {
        DATABASE_URL: url,
        GRPC_TLS_CERT: join(folder, 'own.crt'),
        GRPC_TLS_KEY: join(folder, 'own.key'),
        AUTH_JWKS_URL: `http://127.0.0.1:${(keys.address() as AddressInfo).port}`,
        AUTH_ISSUER: 'https://issuer.example',
        AUTH_AUDIENCE: 'payments',
      },
    }),
  );
  const clear = closing.use(await startService({ app: 'payment', env: { DATABASE_URL: url } }));
  await service.ready();
  address = (service.grpc ?? '').replace('127.0.0.1', 'localhost');
  clearAddress = clear.grpc ?? '';
});
afterAll(async () => {
  await closing.disposeAsync();
});

const file = (name: string) => join(folder, name);
const tokenFile = async (token: string): Promise<string> => {
  const path = file(`token-${randomUUID()}`);
  await writeFile(path, `${token}\n`);
  return path;
};
const pay = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  startCommand('pay', args, { PAYMENT_ADDRESS: address, PAYMENT_TLS_CA: file('own.crt'), ...env }).ended;

describe('pay over TLS, with a token', () => {
  it('pays as the subject of the token in a file', async () => {
    const token = tokenOf('u-1', 'payments:write payments:read');
    const args = ['--tls-ca', file('own.crt'), '--token-file', await tokenFile(token)];
    const paid = await startCommand('pay', ['--user', 'u-1', '--address', address, ...args, 'r-1=1KRW'], {})
      .ended;
    expect(paid).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('COMPLETED') });
    const listed = await startCommand('pay', ['list', '--json', '--address', address, ...args], {}).ended;
    expect(JSON.parse(listed.stdout)).toMatchObject({ payments: [{ reservationId: 'r-1' }] });
    for (const { stdout, stderr } of [paid, listed]) expect(stdout + stderr).not.toContain(token);
  });

  it('takes all of it from variables', async () => {
    const { exitCode } = await pay(['--user', 'u-2', 'r-2=1KRW'], {
      PAYMENT_TOKEN: tokenOf('u-2', 'payments:write'),
    });
    expect(exitCode).toBe(0);
  });

  it('names the remedy when there is no token, a bad one, or one for something else', async () => {
    const order = ['--user', 'u-3', 'r-3=1KRW'];
    const [missing, bad, narrow, other] = await Promise.all([
      pay(order),
      pay(order, { PAYMENT_TOKEN: 'not.a.token' }),
      pay(order, { PAYMENT_TOKEN: tokenOf('u-3', 'payments:read') }),
      pay(order, { PAYMENT_TOKEN: tokenOf('u-4', 'payments:write') }),
    ]);
    expect(missing).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/TOKEN_MISSING.*--token-file/),
    });
    expect(bad).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/TOKEN_INVALID.*get a new one/) });
    expect(bad.stderr).not.toContain('not.a.token');
    expect(narrow).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/SCOPE_MISSING.*payments:write/),
    });
    expect(other).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/OTHER_USER.*--user/) });
  });

  it('does not wait for what stays wrong with a connection, and names the remedy', async () => {
    const [stranger, wrongName, clear, noTls] = await Promise.all([
      startCommand('pay', ['list', '--address', address, '--tls-ca', file('other.crt')], {}).ended,
      startCommand('pay', ['list', '--address', address, '--tls'], {}).ended,
      startCommand('pay', ['list', '--address', address], {}).ended,
      startCommand('pay', ['list', '--address', clearAddress, '--tls'], {}).ended,
    ]);
    expect(stranger).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('--tls-ca') });
    expect(wrongName).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('--tls-ca') });
    expect(clear).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('add --tls') });
    expect(noTls).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Leave --tls out') });
    for (const { stderr } of [stranger, wrongName, clear, noTls])
      expect(stderr).not.toContain('Trying again');
  });

  it('says which file is wrong, and does not send a token in the clear to others', async () => {
    const [missing, noKey, alone, mismatch, inTheClear, empty] = await Promise.all([
      pay(['list', '--tls-ca', file('none')]),
      pay(['list', '--tls-cert', file('own.crt'), '--tls-key', file('own.crt')]),
      pay(['list', '--tls-cert', file('own.crt')]),
      pay(['list', '--tls-cert', file('own.crt'), '--tls-key', file('other.key')]),
      startCommand('pay', ['list', '--address', 'payments.example:1'], { PAYMENT_TOKEN: 'secret-token' })
        .ended,
      pay(['list', '--token-file', await tokenFile('')]),
    ]);
    expect(missing.stderr).toMatch(/--tls-ca is ".*none": that file cannot be read \(ENOENT\)/);
    expect(noKey.stderr).toMatch(/--tls-key is ".*": that file is no private key/);
    expect(alone.stderr).toContain('--tls-cert stands alone');
    expect(mismatch.stderr).toContain('--tls-key');
    expect(inTheClear.stderr).toContain('not sent to payments.example:1 in the clear: use TLS (--tls');
    expect(inTheClear.stderr).not.toContain('secret-token');
    expect(empty.stderr).toContain('holds no token');
    for (const { exitCode } of [missing, noKey, alone, mismatch, inTheClear, empty]) expect(exitCode).toBe(1);
  });
});
