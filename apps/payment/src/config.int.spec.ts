import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeAuthority, makePair, writePair } from '@payments/testing';
import { readPaymentConfig } from './config.ts';

let folder: string;
let files: { GRPC_TLS_CERT: string; GRPC_TLS_KEY: string };
let clientCa: string;
let otherKey: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'payments-config-'));
  const ca = await makeAuthority('ours');
  const { cert, key } = writePair(folder, await makePair(ca, 'localhost'));
  files = { GRPC_TLS_CERT: cert, GRPC_TLS_KEY: key };
  clientCa = join(folder, 'ca.crt');
  writeFileSync(clientCa, ca.cert);
  otherKey = join(folder, 'other.key');
  writeFileSync(otherKey, (await makePair(ca, 'localhost')).key);
});
afterAll(() => rmSync(folder, { recursive: true }));

const tokens = {
  AUTH_JWKS_URL: 'https://issuer.example/jwks',
  AUTH_ISSUER: 'https://issuer.example',
  AUTH_AUDIENCE: 'payments',
};

/** The lines of the error, without the first. */
const problems = (env: Record<string, string>): string[] => {
  try {
    readPaymentConfig(env);
    return [];
  } catch (error) {
    return (error as Error).message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
};

describe('the files of TLS', () => {
  it('and tokens let the service listen where others can reach it', () => {
    const { grpc } = readPaymentConfig({ ...files, ...tokens, GRPC_LISTEN: '0.0.0.0:50051' });
    expect(grpc).toMatchObject({ tls: { cert: files.GRPC_TLS_CERT, key: files.GRPC_TLS_KEY } });
    expect(grpc.tls).not.toHaveProperty('clientCa');
  });

  it('alone do not: everybody would be every user', () => {
    const env = { ...files, GRPC_TLS_CLIENT_CA: clientCa, GRPC_LISTEN: '0.0.0.0:50051' };
    expect(problems(env)).toEqual([expect.stringMatching(/^GRPC_LISTEN .*without tokens/)]);
  });

  it('turn mutual TLS on with an authority of clients', () => {
    const { grpc } = readPaymentConfig({ ...files, GRPC_TLS_CLIENT_CA: clientCa });
    expect(grpc.tls).toEqual({ cert: files.GRPC_TLS_CERT, key: files.GRPC_TLS_KEY, clientCa });
  });

  it('go together: each that is missing is named once', () => {
    const { GRPC_TLS_CERT, GRPC_TLS_KEY } = files;
    const named = (env: Record<string, string>) => problems(env).map((line) => line.split(' ')[0]);
    expect(named({ GRPC_TLS_CERT })).toEqual(['GRPC_TLS_KEY']);
    expect(named({ GRPC_TLS_KEY, GRPC_TLS_CLIENT_CA: clientCa })).toEqual(['GRPC_TLS_CERT']);
    expect(named({ GRPC_TLS_CLIENT_CA: clientCa })).toEqual(['GRPC_TLS_CERT']);
  });

  it('have to fit: the one that does not is named', () => {
    expect(problems({ ...files, GRPC_TLS_KEY: otherKey })).toEqual([
      'GRPC_TLS_KEY is not the key of the certificate in GRPC_TLS_CERT',
    ]);
    expect(problems({ ...files, GRPC_TLS_CLIENT_CA: otherKey })).toEqual([
      'GRPC_TLS_CLIENT_CA must be the path of whole certificates in PEM',
    ]);
  });

  it('have to be there, and none of their content is told', () => {
    const secret = problems({ ...files, GRPC_TLS_CERT: otherKey, GRPC_TLS_KEY: join(folder, 'absent') });
    expect(secret).toEqual([expect.stringMatching(/^GRPC_TLS_KEY must be the path of a file that is there/)]);
  });
});
