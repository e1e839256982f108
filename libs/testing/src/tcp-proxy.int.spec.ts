import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { tcpProxy, type TcpProxy } from './tcp-proxy.ts';

// A server that answers every chunk with its upper case.
let echo: ReturnType<typeof createServer>;
let proxy: TcpProxy;
const clients: Socket[] = [];

beforeEach(async () => {
  echo = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => socket.write(bytes.toString().toUpperCase()));
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await tcpProxy({ target: `127.0.0.1:${(echo.address() as AddressInfo).port}` });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy[Symbol.asyncDispose]();
  echo.close();
  await once(echo, 'close');
});

async function client(): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1');
  clients.push(socket);
  await once(socket, 'connect');
  return socket;
}

async function ask(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [reply] = (await once(socket, 'data')) as [Buffer];
  return reply.toString();
}

/** Resolves with the error's code when the connection is reset. */
async function reset(socket: Socket): Promise<string | undefined> {
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  return error.code;
}

describe('tcpProxy', () => {
  it('passes bytes both ways unchanged', async () => {
    const socket = await client();
    expect(await ask(socket, 'one')).toBe('ONE');
    expect(await ask(socket, 'two')).toBe('TWO');
    expect(proxy.connections()).toBe(1);
  });

  it('passes ten megabytes without losing or keeping any', async () => {
    const socket = await client();
    const sent = 'x'.repeat(10 * 1024 * 1024);
    let received = 0;
    const done = new Promise<void>((resolve) => {
      socket.on('data', (bytes) => {
        received += bytes.length;
        if (received === sent.length) resolve();
      });
    });
    socket.write(sent);
    await done;
    expect(received).toBe(sent.length);
  });

  it('passes the end of the stream on', async () => {
    const socket = await client();
    await ask(socket, 'one');
    socket.end();
    await once(socket, 'close');
    expect(proxy.connections()).toBe(0);
  });

  it('resets every connection and takes new ones', async () => {
    const sockets = [await client(), await client()];
    for (const socket of sockets) await ask(socket, 'one');
    const resets = sockets.map(reset);
    proxy.cutAll();
    expect(await Promise.all(resets)).toEqual(['ECONNRESET', 'ECONNRESET']);
    expect(await ask(await client(), 'again')).toBe('AGAIN');
  });

  it('refuses connections until it accepts them again on the same port', async () => {
    const socket = await client();
    await ask(socket, 'one');
    const cut = reset(socket);
    await proxy.refuse();
    expect(await cut).toBe('ECONNRESET');
    await expect(client()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await proxy.accept();
    expect(await ask(await client(), 'two')).toBe('TWO');
  });

  it('holds bytes back, on new connections too, and passes all of them in order when released', async () => {
    const [old, young] = [await client(), await client()];
    await ask(old, 'one');
    proxy.hold();
    const held = await client();
    const replies = Promise.all([old, young, held].map((socket) => ask(socket, 'held')));
    old.write(' more');
    const answered = await Promise.race([
      replies,
      new Promise((resolve) => setTimeout(resolve, 100, 'nothing came')),
    ]);
    expect(answered).toBe('nothing came');
    proxy.release();
    expect((await replies).map((reply) => reply.slice(0, 4))).toEqual(['HELD', 'HELD', 'HELD']);
  });

  it('freezes the connections of now, passes new ones, and passes what was frozen when released', async () => {
    const old = await client();
    await ask(old, 'one');
    proxy.freeze();
    let answered = false;
    const reply = ask(old, 'frozen').finally(() => (answered = true));
    expect(await ask(await client(), 'new')).toBe('NEW');
    expect(answered).toBe(false);
    proxy.release();
    expect(await reply).toBe('FROZEN');
  });

  it('cuts the reply to a chosen request, after the server has seen the request', async () => {
    const seen = new Promise<string>((resolve) => {
      echo.once('connection', (socket: Socket) =>
        socket.on('data', (bytes) => bytes.includes('poison') && resolve(bytes.toString())),
      );
    });
    const [chosen, other] = [await client(), await client()];
    expect(await ask(chosen, 'fine')).toBe('FINE');
    const cut = reset(chosen);
    const hit = proxy.faultWhen(({ direction, bytes }) =>
      direction === 'reply' && bytes.includes('POISON') ? 'cut' : 'pass',
    );
    chosen.write('poison');
    expect(await cut).toBe('ECONNRESET');
    expect(await seen).toBe('poison');
    expect(await hit).toMatchObject({ direction: 'reply', connection: 1 });
    expect(await ask(other, 'poison again')).toBe('POISON AGAIN');
  });

  it('keeps a chosen request from the server and holds that connection alone', async () => {
    const [chosen, other] = [await client(), await client()];
    await ask(chosen, 'fine');
    const hit = proxy.faultWhen(({ bytes }) => (bytes.includes('slow') ? 'hold' : 'pass'));
    const reply = ask(chosen, 'slow');
    await hit;
    expect(await ask(other, 'quick')).toBe('QUICK');
    proxy.release();
    expect(await reply).toBe('SLOW');
  });
});
