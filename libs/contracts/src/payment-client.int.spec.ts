import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openPaymentClient } from './payment-client.ts';

let proxy: Server;
let connects: string[];
let before: string | undefined;

beforeEach(async () => {
  connects = [];
  proxy = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .once('data', (said) => {
        connects.push(said.toString().split('\r\n')[0] ?? '');
        socket.destroy();
      });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  before = process.env.grpc_proxy;
  process.env.grpc_proxy = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});
afterEach(async () => {
  if (before === undefined) delete process.env.grpc_proxy;
  else process.env.grpc_proxy = before;
  await new Promise((resolve) => proxy.close(resolve));
});

/** Calls where nobody listens. */
const callAt = async (address: string): Promise<void> => {
  using client = openPaymentClient({ address });
  await expect(client.getPayment({}, { timeoutMs: 5_000 })).rejects.toThrow(/UNAVAILABLE/);
};

describe('a client of the payment service, where the environment names a proxy,', () => {
  it.each(['127.0.0.1:1', 'localhost:1', '[::1]:1'])(
    'goes straight to %s: what stays on this machine is shown to no other, a token least',
    async (address) => {
      await callAt(address);
      expect(connects).toEqual([]);
    },
  );

  it('goes by it to others', async () => {
    await callAt('payment.example:443');
    expect(connects).toEqual(['CONNECT payment.example:443 HTTP/1.1']);
  });
});
