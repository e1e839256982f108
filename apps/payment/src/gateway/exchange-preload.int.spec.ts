import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort, otlpReceiver, startGatewayStandIn, tcpProxy } from '@payments/testing';
import type { GatewayStandIn, OtlpReceiver, TcpProxy } from '@payments/testing';

const closing = new AsyncDisposableStack();
let gateway: GatewayStandIn;
let proxy: TcpProxy;
let receiver: OtlpReceiver;
let send: (url: string, withinMs?: number) => Promise<unknown>;
let end: () => Promise<void>;

beforeAll(async () => {
  gateway = closing.use(await startGatewayStandIn());
  proxy = closing.use(await tcpProxy({ target: gateway.url.replace('http://', '') }));
  receiver = closing.use(await otlpReceiver());
  ({ send, end } = startChild());
  closing.defer(end);
});
afterAll(() => closing.disposeAsync());

/** The program that sends, started as services are. */
const startChild = () => {
  const child = spawn(
    process.execPath,
    ['--import', '@payments/runtime/telemetry', join(import.meta.dirname, 'exchange.child.ts')],
    {
      cwd: join(import.meta.dirname, '../../../..'),
      env: {
        PATH: process.env['PATH'],
        ...receiver.env,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const ended = once(child, 'close');
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    send: async (url: string, withinMs = 30_000) => {
      child.stdin.write(`${JSON.stringify({ url, withinMs })}\n`);
      const { value } = (await answers.next()) as { value?: string };
      return JSON.parse(value ?? '"it has ended"') as unknown;
    },
    end: async () => {
      child.stdin.end();
      await ended;
    },
  };
};

describe('a request to the payment gateway, in a process that is traced', () => {
  it('was certainly not sent where nobody listens, or has that name', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    expect(await send(nobody)).toEqual({ kind: 'NO_CONNECTION', trouble: 'ECONNREFUSED' });
    expect(await send('http://gateway.invalid')).toMatchObject({ kind: 'NO_CONNECTION' });
  });

  it('was certainly not sent where the handshake fails, or does not end in time', async () => {
    expect(await send(gateway.url.replace('http:', 'https:'))).toMatchObject({ kind: 'NO_CONNECTION' });
    proxy.hold();
    expect(await send(`https://${proxy.address}`, 300)).toEqual({
      kind: 'NO_CONNECTION',
      trouble: 'TIMEOUT',
    });
    proxy.release();
  });

  it('was certainly not sent where it was broken off before', async () => {
    expect(await send(`http://${proxy.address}`, 0)).toEqual({ kind: 'NO_CONNECTION', trouble: 'ABORTED' });
  });

  it('may have been sent where the connection is there and no answer comes in time', async () => {
    proxy.hold();
    expect(await send(`http://${proxy.address}`, 500)).toEqual({ kind: 'LOST', trouble: 'TIMEOUT' });
    proxy.release();
    proxy.cutAll();
  });

  it('is answered, with the trace in its headers', async () => {
    expect(await send(`http://${proxy.address}/charges`)).toMatchObject({ kind: 'ANSWERED', status: 400 });
    expect(gateway.requests().at(-1)?.headers['traceparent']).toMatch(/^00-\w{32}-\w{16}-01$/);
  });

  it('may have been sent over a connection that is reset as it is used again', async () => {
    const cut = proxy.faultWhen(({ direction }) => (direction === 'request' ? 'cut' : 'pass'));
    expect(await send(`http://${proxy.address}/charges`)).toEqual({ kind: 'LOST', trouble: 'ECONNRESET' });
    await cut;
  });

  it('may have been decided where the answer breaks off', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () =>
        socket.end('HTTP/1.1 402 Payment Required\r\ncontent-length: 99\r\n\r\n{"status":'),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await send(`http://127.0.0.1:${port}/`)).toEqual({ kind: 'LOST', trouble: 'ECONNRESET' });
    server.close();
    await once(server, 'close');
  });

  it('has a span, of which path and query are not known', async () => {
    await send(`http://someone:a-password@${proxy.address}/charges/of-somebody?key=of-the-url`);
    const traceparent = gateway.requests().at(-1)?.headers['traceparent'];
    await end();
    const spans = receiver.spans().filter(({ name }) => name === 'POST');
    expect(spans.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`)).toContain(traceparent);
    expect(receiver.raw()).toContain('REDACTED');
    for (const secret of ['a-password', 'of-somebody', 'of-the-url', '/charges'])
      expect(receiver.raw()).not.toContain(secret);
  });
});
