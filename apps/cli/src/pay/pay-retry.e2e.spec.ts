import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { freePort, startService, tcpProxy, throwAwayDatabase } from '@payments/testing';
import { startCommand } from '../start-command.fixture.ts';

const requestId = '9d3f7f0e-6f1a-4d57-8a53-0b8f5c1f2a77';

/** Takes connections, and says nothing on them. */
const silentServer = async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    connected: once(server, 'connection'),
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};

describe('pay and a service that is away', () => {
  it('names npm start when nobody is there, and how to try again', async () => {
    const args = [
      '--user',
      'u-1',
      '--address',
      '127.0.0.1:1',
      '--timeout',
      '5',
      '--request-id',
      requestId,
      'r=1KRW',
    ];
    const { exitCode, stdout, stderr } = await startCommand('pay', args, {}).ended;
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/cannot be reached at 127\.0\.0\.1:1\. Start it with `npm start`/);
    expect(stderr).toContain(`add --request-id ${requestId}`);
  });

  it('waits for one that is about to come, and pays', async () => {
    await using database = await throwAwayDatabase();
    const address = `127.0.0.1:${await freePort()}`;
    await using paying = startCommand('pay', ['--user', 'u-1', '--json', '--timeout', '120', 'later=1KRW'], {
      PAYMENT_ADDRESS: address,
    });
    await paying.said('Trying again for up to');
    await using service = await startService({
      app: 'payment',
      env: { DATABASE_URL: database.url, GRPC_LISTEN: address },
    });
    expect(service.grpc).toBe(address);
    const { exitCode, stdout } = await paying.ended;
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      payments: [{ reservationId: 'later', state: 'PAYMENT_STATE_COMPLETED' }],
    });
  });

  it('pays once when the reply is lost: the second try has the request id of the first', async () => {
    await using database = await throwAwayDatabase();
    await using service = await startService({ app: 'payment', env: { DATABASE_URL: database.url } });
    await service.ready();
    await using proxy = await tcpProxy({ target: service.grpc ?? '' });
    // Only the reply, with the payment in it, names the reservation in this direction.
    const lost = proxy.faultWhen(({ direction, bytes }) =>
      direction === 'reply' && bytes.includes('lost-reply') ? 'cut' : 'pass',
    );
    const env = { PAYMENT_ADDRESS: proxy.address };
    const args = ['--user', 'u-1', '--json', '--timeout', '60', 'lost-reply=1KRW'];
    const { exitCode, stdout, stderr } = await startCommand('pay', args, env).ended;
    await lost;
    expect(stderr).toContain('Trying again');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ payments: [{ state: 'PAYMENT_STATE_COMPLETED' }] });
    const { stdout: outcomes } = await startCommand('pay', ['history', '--json'], env).ended;
    expect(JSON.parse(outcomes)).toMatchObject({ entries: [{ state: 'PAYMENT_STATE_COMPLETED' }] });
  });

  it('ends at once with 130 on Ctrl-C while it waits to try again, and says how to', async () => {
    await using paying = startCommand(
      'pay',
      ['--user', 'u', '--address', '127.0.0.1:1', '--timeout', '3600', '--request-id', requestId, 'r=1KRW'],
      {},
    );
    await paying.said('Trying again');
    paying.interrupt();
    const { exitCode, signal, stdout, stderr } = await paying.ended;
    expect({ exitCode, signal, stdout }).toEqual({ exitCode: 130, signal: null, stdout: '' });
    expect(stderr).toContain(`add --request-id ${requestId}`);
  });

  it('ends at once with 130 on Ctrl-C while a call is under way', async () => {
    await using silent = await silentServer();
    await using looking = startCommand('pay', ['list', '--address', silent.address, '--timeout', '3600'], {});
    await silent.connected;
    looking.interrupt();
    expect(await looking.ended).toMatchObject({ exitCode: 130, signal: null, stdout: '', stderr: '' });
  });

  it('gives up on one that never answers, and says so', async () => {
    await using silent = await silentServer();
    const { exitCode, stderr } = await startCommand(
      'pay',
      ['list', '--address', silent.address, '--timeout', '0.5'],
      {},
    ).ended;
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`Nobody answers at ${silent.address}`);
  });
});
