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

  it.each(['KRW', 'KRW=', 'KRW=-1', 'KRW=1.5', 'ABC=1', 'KRW=1;USD=2', 'KRW=1,KRW=2', 'krw=1'])(
    'refuses the limit %p by name',
    (PAYMENT_LIMIT) => {
      expect(() => readPaymentConfig({ PAYMENT_LIMIT })).toThrow(/PAYMENT_LIMIT must be the highest amount/);
    },
  );

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

  it('names every bad variable at once', () => {
    const read = () => readPaymentConfig({ DATABASE_URL: 'x', HTTP_LISTEN: 'y', GRPC_REFLECTION: 'perhaps' });
    expect(read).toThrow(/DATABASE_URL[^]*GRPC_REFLECTION[^]*HTTP_LISTEN/);
  });
});
