import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

import { describe, expect, it } from '@jest/globals';

import { freePort } from '@payments/servers';

import { choosePort, choosePorts } from './choose-port.ts';

/** Listens on a port of its own. */
async function takePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: async () => void (await once(server.close(), 'close')) };
}

const wanted = { variable: 'KAFKA_PORT', host: '127.0.0.1', asked: false };

describe('choosePort', () => {
  it('replaces a default that is taken, and says so', async () => {
    await using taken = await takePort();
    const notices: string[] = [];
    const port = await choosePort({ ...wanted, port: taken.port }, (text) => notices.push(text));
    expect(port).not.toBe(taken.port);
    expect(notices).toEqual([`port ${taken.port} is taken: using ${port} instead (KAFKA_PORT chooses)`]);
  });

  it('refuses a port that was asked for and is taken', async () => {
    await using taken = await takePort();
    const choosing = choosePort({ ...wanted, port: taken.port, asked: true }, () => {});
    await expect(choosing).rejects.toThrow(
      `KAFKA_PORT asks for port ${taken.port}, which is taken on 127.0.0.1`,
    );
  });

  it('uses the port when it is free', async () => {
    // Not one that was just given back: the system hands those out again, to whoever asks.
    const port = await freePort();
    expect(await choosePort({ ...wanted, port }, () => {})).toBe(port);
  });

  it('gives everybody who asks for any port another one', async () => {
    const any = { ...wanted, port: 0, asked: true };
    const ports = Object.values(await choosePorts({ a: any, b: any, c: any }, () => {}));
    expect(new Set(ports).size).toBe(3);
  });
});
