import { describe, expect, it } from '@jest/globals';
import { readPaymentConfig } from './config.ts';

describe('readPaymentConfig', () => {
  it('suits local use when nothing is set', () => {
    expect(readPaymentConfig({})).toMatchObject({
      databaseUrl: 'postgres://postgres:postgres@127.0.0.1:54320/payments',
      grpc: { listen: { host: '127.0.0.1', port: 50051 }, reflection: false },
      http: { listen: { host: '127.0.0.1', port: 9101 } },
    });
  });

  it('reads limits as minor units of their currency', () => {
    const { limits } = readPaymentConfig({ PAYMENT_LIMIT: 'KRW=500,USD=10.50, BHD=1.001' });
    expect([...limits]).toEqual([
      ['KRW', 500n],
      ['USD', 1_050n],
      ['BHD', 1_001n],
    ]);
  });

  it('refuses limits that are none, by name', () => {
    const read = () => readPaymentConfig({ PAYMENT_LIMIT: 'KRW=1.5' });
    expect(read).toThrow(/PAYMENT_LIMIT must be the highest amounts .* not "KRW=1.5"/);
  });

  it.each(['0.0.0.0:50051', '[::]:50051', '10.0.0.1:50051', '127.0.0.1.example.org:1'])(
    'refuses to listen in the clear on %s',
    (GRPC_LISTEN) => {
      expect(() => readPaymentConfig({ GRPC_LISTEN })).toThrow(/GRPC_LISTEN .*GRPC_INSECURE=true/);
    },
  );

  it.each(['127.0.0.1:0', '127.1.2.3:5', 'localhost:50051', '[::1]:50051'])(
    'listens on %s',
    (GRPC_LISTEN) => {
      expect(() => readPaymentConfig({ GRPC_LISTEN })).not.toThrow();
    },
  );

  it('listens beyond loopback when told that this is meant', () => {
    const { grpc } = readPaymentConfig({ GRPC_LISTEN: '0.0.0.0:50051', GRPC_INSECURE: 'true' });
    expect(grpc.listen).toEqual({ host: '0.0.0.0', port: 50051 });
  });

  const tokens = {
    AUTH_JWKS_URL: 'https://issuer.example/jwks',
    AUTH_ISSUER: 'https://issuer.example',
    AUTH_AUDIENCE: 'payments',
  };

  it('asks for TLS and for tokens, each by its variables, where others can reach it', () => {
    const beyond = { GRPC_LISTEN: '0.0.0.0:50051' };
    expect(() => readPaymentConfig(beyond)).toThrow(
      /without TLS: .*GRPC_TLS_CERT.*without tokens: .*AUTH_JWKS_URL/,
    );
    const withTokens = () => readPaymentConfig({ ...beyond, ...tokens });
    expect(withTokens).toThrow(/without TLS/);
    expect(withTokens).not.toThrow(/without tokens/);
  });

  it('reads whose tokens are taken', () => {
    expect(readPaymentConfig(tokens).tokens).toEqual({
      jwksUrl: 'https://issuer.example/jwks',
      issuer: 'https://issuer.example',
      audience: 'payments',
    });
    expect(readPaymentConfig({})).not.toHaveProperty('tokens');
  });

  it.each(Object.keys(tokens))('wants %s where the others of tokens are set', (missing) => {
    expect(() => readPaymentConfig({ ...tokens, [missing]: '' })).toThrow(
      new RegExp(`${missing} is not set: .* go together`),
    );
  });

  it.each(['http://issuer.example/jwks', 'http://10.0.0.1/jwks'])(
    'refuses keys that come in the clear from %s, whatever else is allowed',
    (AUTH_JWKS_URL) => {
      const read = () => readPaymentConfig({ ...tokens, AUTH_JWKS_URL, GRPC_INSECURE: 'true' });
      expect(read).toThrow(/AUTH_JWKS_URL must be https/);
    },
  );

  it.each(['http://127.0.0.1:8080/jwks', 'http://localhost/jwks', 'http://[::1]/jwks'])(
    'takes keys from %s, which is this machine',
    (AUTH_JWKS_URL) => {
      expect(() => readPaymentConfig({ ...tokens, AUTH_JWKS_URL })).not.toThrow();
    },
  );

  it('lets the health listener be reached by others in the clear, and no more than that', () => {
    const env = { GRPC_HEALTH_LISTEN: '0.0.0.0:50052' };
    expect(readPaymentConfig(env).grpc.healthListen).toEqual({ host: '0.0.0.0', port: 50052 });
    expect(() => readPaymentConfig({ ...env, GRPC_LISTEN: '0.0.0.0:50051' })).toThrow(/GRPC_LISTEN/);
  });

  it('names every bad variable at once', () => {
    const read = () => readPaymentConfig({ DATABASE_URL: 'x', HTTP_LISTEN: 'y', GRPC_REFLECTION: 'perhaps' });
    expect(read).toThrow(/DATABASE_URL[^]*GRPC_REFLECTION[^]*HTTP_LISTEN/);
  });

  it('asks for TLS also when another variable is bad', () => {
    const read = () => readPaymentConfig({ GRPC_LISTEN: '0.0.0.0:1', PAYMENT_LIMIT: 'KRW' });
    expect(read).toThrow(/PAYMENT_LIMIT must be[^]*GRPC_LISTEN is 0.0.0.0:1/);
  });

  it('names what does not go together along with what is bad by itself', () => {
    const read = () =>
      readPaymentConfig({
        ...tokens,
        AUTH_AUDIENCE: '',
        AUTH_JWKS_URL: 'ftp://issuer.example',
        GRPC_TLS_CERT: '/does/not/exist',
        PAYMENT_LIMIT: 'KRW',
      });
    for (const named of [
      'AUTH_JWKS_URL must be a URL',
      'AUTH_AUDIENCE is not set',
      'GRPC_TLS_CERT must be the path',
      'GRPC_TLS_KEY is not set',
      'PAYMENT_LIMIT must be',
    ])
      expect(read).toThrow(named);
  });
});
