import { describe, expect, it } from '@jest/globals';
import { bearerMetadata, channelCredentials } from './client-credentials.ts';

describe('bearerMetadata', () => {
  it.each(['127.0.0.1:50051', 'localhost:50051', '[::1]:50051', 'unix:/run/payment.sock'])(
    'sends a token in the clear to %s, which is this machine',
    (address) => {
      expect(bearerMetadata({ address, token: 'abc' }).get('authorization')).toEqual(['Bearer abc']);
    },
  );

  it.each([
    'payment.example.org:50051',
    '10.0.0.1:50051',
    '127.0.0.1.example.org:1',
    'localhost.example.org',
    // Without brackets it is no port: the address 0:0:0:0:0:0:1:5005.
    '::1:5005',
  ])('does not send one to %s in the clear, and does not repeat it', (address) => {
    const send = () => bearerMetadata({ address, token: 's3cret' });
    expect(send).toThrow(`the token is not sent to ${address} in the clear`);
    expect(send).not.toThrow(/s3cret/);
  });

  it('sends one anywhere over TLS, whoever made the credentials', () => {
    const address = 'payment.example.org:443';
    const credentials = channelCredentials({});
    expect(bearerMetadata({ address, token: 'abc', tls: {} }).get('authorization')).toHaveLength(1);
    expect(bearerMetadata({ address, token: 'abc', credentials }).get('authorization')).toHaveLength(1);
  });

  it('sends no header without a token', () => {
    expect(bearerMetadata({ address: 'payment.example.org:443' }).getMap()).toEqual({});
  });
});

describe('channelCredentials', () => {
  it('are in the clear unless TLS is asked for', () => {
    expect(channelCredentials(undefined)._isSecure()).toBe(false);
    expect(channelCredentials({})._isSecure()).toBe(true);
  });

  it('refuse a certificate without its key', () => {
    expect(() => channelCredentials({ cert: 'x' })).toThrow(/private key/i);
  });
});
