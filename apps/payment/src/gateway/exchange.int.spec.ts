import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { freePort, startGatewayStandIn, tcpProxy } from '@payments/testing';
import { describe, expect, it } from '@jest/globals';
import { charge, open, quick, within } from './http-gateway.fixture.ts';

describe('a gateway that cannot be reached', () => {
  it('was not asked where nobody listens, or nobody has that name', async () => {
    await using adapter = open({ url: `http://127.0.0.1:${String(await freePort())}` }).adapter;
    expect(await adapter.charge(charge(), within())).toMatchObject({
      outcome: 'NOT_ASKED',
      reason: expect.stringContaining('ECONNREFUSED') as unknown,
    });
    await using nameless = open({ url: 'http://gateway.invalid' }).adapter;
    expect((await nameless.charge(charge(), within())).outcome).toBe('NOT_ASKED');
  });

  it('was not asked where the handshake fails, or does not end', async () => {
    await using gateway = await startGatewayStandIn();
    await using clear = open({ url: gateway.url.replace('http:', 'https:') }).adapter;
    expect((await clear.charge(charge(), within())).outcome).toBe('NOT_ASKED');
    expect(gateway.requests()).toEqual([]);

    await using proxy = await tcpProxy({ target: gateway.url.replace('http://', '') });
    proxy.hold();
    await using silent = open({ url: `https://${proxy.address}`, timeoutMs: 200 }).adapter;
    expect((await silent.charge(charge(), within())).outcome).toBe('NOT_ASKED');
  });

  it('may have been asked as soon as the connection is there, and the request on its way', async () => {
    await using gateway = await startGatewayStandIn();
    await using proxy = await tcpProxy({ target: gateway.url.replace('http://', '') });
    await using adapter = open({ url: `http://${proxy.address}`, timeoutMs: 300 }).adapter;
    proxy.hold();
    expect((await adapter.charge(charge(), within())).outcome).toBe('UNKNOWN');
    expect(gateway.requests()).toEqual([]);
  });

  it('may have been asked over a connection that is reset as it is used again', async () => {
    await using gateway = await startGatewayStandIn();
    await using proxy = await tcpProxy({ target: gateway.url.replace('http://', '') });
    await using adapter = open(
      { url: `http://${proxy.address}` },
      { retry: { ...quick.retry, attempts: 1 } },
    ).adapter;
    expect((await adapter.charge(charge(), within())).outcome).toBe('DONE');
    const cut = proxy.faultWhen(({ direction }) => (direction === 'request' ? 'cut' : 'pass'));
    expect((await adapter.charge(charge(), within())).outcome).toBe('UNKNOWN');
    expect((await cut).connection).toBe(1);
    expect(gateway.ledger()).toHaveLength(1);
  });

  it('may have decided where the answer breaks off', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () =>
        socket.end('HTTP/1.1 402 Payment Required\r\ncontent-length: 99\r\n\r\n{"status":'),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await using adapter = open({ url: `http://127.0.0.1:${String(port)}` }).adapter;
    expect((await adapter.charge(charge(), within())).outcome).toBe('UNKNOWN');
    server.close();
    await once(server, 'close');
  });
});
