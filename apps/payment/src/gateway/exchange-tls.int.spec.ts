import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeAuthority, makePair, type Pair } from '@payments/testing';
import { charge, open, quick, within } from './http-gateway.fixture.ts';

let authority: Pair;
const usual = getCACertificates('default');
beforeEach(async () => {
  authority = await makeAuthority('an authority of the gateway');
  setDefaultCACertificates([...usual, authority.cert]);
});
afterEach(() => setDefaultCACertificates(usual));

/** A gateway behind TLS that charges whatever it is asked, and answers the first `answers` of the requests. */
const openSecureGateway = async (signer: Pair, answers: number) => {
  let charged = 0;
  const server = createServer(await makePair(signer, 'the gateway'), (request, response) => {
    request.resume().once('end', () => {
      charged += 1;
      if (charged <= answers) response.end('{"status":"charged"}');
      else request.socket.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${String(port)}`,
    charged: () => charged,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

const asksOnce = { retry: { ...quick.retry, attempts: 1 } };

describe('a gateway behind TLS', () => {
  it('may have charged what it did not answer, on a new connection', async () => {
    await using gateway = await openSecureGateway(authority, 0);
    await using adapter = open({ url: gateway.url }, asksOnce).adapter;
    expect((await adapter.charge(charge(), within())).outcome).toBe('UNKNOWN');
    expect(gateway.charged()).toBe(1);
  });

  it('may have charged what it did not answer, on a connection that was used before', async () => {
    await using gateway = await openSecureGateway(authority, 1);
    await using adapter = open({ url: gateway.url }, asksOnce).adapter;
    expect((await adapter.charge(charge(), within())).outcome).toBe('DONE');
    expect((await adapter.charge(charge(), within())).outcome).toBe('UNKNOWN');
    expect(gateway.charged()).toBe(2);
  });

  it('is not asked where its certificate is of nobody who is trusted', async () => {
    await using gateway = await openSecureGateway(await makeAuthority('a stranger'), 1);
    await using adapter = open({ url: gateway.url }, asksOnce).adapter;
    expect((await adapter.charge(charge(), within())).outcome).toBe('NOT_ASKED');
    expect(gateway.charged()).toBe(0);
  });
});
