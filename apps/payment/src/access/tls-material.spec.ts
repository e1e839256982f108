import { beforeAll, describe, expect, it } from '@jest/globals';
import { makeAuthority, makePair, type Pair } from '@payments/testing';
import { tlsProblems } from './tls-material.ts';

let [ca, pair, other] = [] as unknown as [Pair, Pair, Pair];
beforeAll(async () => {
  ca = await makeAuthority('ours');
  [pair, other] = [await makePair(ca, 'localhost'), await makePair(ca, 'localhost')];
});

const problems = (parts: { cert?: string; key?: string; clientCa?: string }) => {
  const { cert = pair.cert, key = pair.key, clientCa } = parts;
  return tlsProblems({
    cert: Buffer.from(cert),
    key: Buffer.from(key),
    ...(clientCa !== undefined && { clientCa: Buffer.from(clientCa) }),
  }).map(({ variable }) => variable);
};

describe('tlsProblems', () => {
  it('finds nothing in a good pair, with a chain and an authority for clients', () => {
    expect(problems({ cert: pair.cert + ca.cert, clientCa: ca.cert + other.cert })).toEqual([]);
  });

  it('names the key that is not of the certificate', () => {
    expect(problems({ key: other.key })).toEqual(['GRPC_TLS_KEY']);
  });

  it('names every file that is of no use', () => {
    expect(problems({ cert: 'x', key: 'y', clientCa: 'z' })).toEqual([
      'GRPC_TLS_CERT',
      'GRPC_TLS_KEY',
      'GRPC_TLS_CLIENT_CA',
    ]);
  });

  it('finds a certificate that was cut off, also behind a whole one', () => {
    expect(problems({ cert: pair.cert + ca.cert.slice(0, 200) })).toEqual(['GRPC_TLS_CERT']);
    expect(problems({ clientCa: ca.cert + other.cert.slice(0, 200) })).toEqual(['GRPC_TLS_CLIENT_CA']);
  });

  it('finds files that were taken for each other', () => {
    expect(problems({ cert: pair.key, key: pair.cert })).toEqual(['GRPC_TLS_CERT', 'GRPC_TLS_KEY']);
  });
});
