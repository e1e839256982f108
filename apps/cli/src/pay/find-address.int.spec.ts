import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readCliConfig } from '../config.ts';
import { findAddress } from './find-address.ts';

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'stack-'))));
afterAll(() => rm(folder, { recursive: true }));

const stackFile = async (content: string) => {
  const file = join(folder, 'stack.json');
  await writeFile(file, content);
  return file;
};
const running = JSON.stringify({ payment: { grpc: '127.0.0.1:7', http: '127.0.0.1:8' } });

describe('findAddress', () => {
  it('takes the option first, then the environment, then the running system, then the default', async () => {
    const up = await stackFile(running);
    const none = join(folder, 'none.json');
    const all = { paymentAddress: '127.0.0.1:6', stackFile: up };
    expect(await findAddress('127.0.0.1:5', all)).toBe('127.0.0.1:5');
    expect(await findAddress(undefined, all)).toBe('127.0.0.1:6');
    expect(await findAddress(undefined, { stackFile: up })).toBe('127.0.0.1:7');
    expect(await findAddress(undefined, { stackFile: none })).toBe('127.0.0.1:50051');
  });

  it('finds the system that runs in another state folder', async () => {
    await stackFile(running);
    const config = readCliConfig({ LOCAL_STATE_DIR: folder });
    expect(await findAddress(undefined, config)).toBe('127.0.0.1:7');
  });

  it('takes a relative state folder from the root of the repository, as the local system does', () => {
    const root = resolve(import.meta.dirname, '../../../..');
    expect(readCliConfig({ LOCAL_STATE_DIR: 'x' }).stackFile).toBe(join(root, 'x/stack.json'));
    expect(readCliConfig({ LOCAL_STATE_DIR: '' }).stackFile).toBe(join(root, '.local/stack.json'));
  });

  it.each(['{"payment":null}', '{"payment":{"grpc":1}}', '{"pay'])(
    'finds no service in %s',
    async (content) => {
      expect(await findAddress(undefined, { stackFile: await stackFile(content) })).toBe('127.0.0.1:50051');
    },
  );

  it.each(['foo', 'http://127.0.0.1:1', ':50051', ''])(
    'refuses %p, naming where it came from',
    async (address) => {
      const config = readCliConfig({ PAYMENT_ADDRESS: 'bad address' });
      await expect(findAddress(address, config)).rejects.toThrow('--address');
      await expect(findAddress(undefined, config)).rejects.toThrow('PAYMENT_ADDRESS');
    },
  );
});
