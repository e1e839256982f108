import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { lockStateFolder } from './state-lock.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'payments-lock-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Another process that takes the folder and keeps it. */
async function holder() {
  const code = `
    const { lockStateFolder } = await import(${JSON.stringify(join(import.meta.dirname, 'state-lock.ts'))});
    globalThis.lock = lockStateFolder(${JSON.stringify(folder)}, 'npm start');
    console.log('held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    pid: child.pid as number,
    kill: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

describe('the lock of a state folder', () => {
  it('is refused while another process has it, which is named', async () => {
    const other = await holder();
    expect(() => lockStateFolder(folder, 'npm run servers')).toThrow(
      `already running on ${folder}: npm start (process ${other.pid}, since `,
    );
    await other.kill();
  });

  it('is free when its process was killed, even if its id lives on', async () => {
    const other = await holder();
    await other.kill();
    await writeFile(join(folder, 'holder.json'), JSON.stringify({ pid: process.pid }));
    lockStateFolder(folder, 'npm start')[Symbol.dispose]();
  });

  it('can be taken again when it was given back', () => {
    lockStateFolder(folder, 'npm start')[Symbol.dispose]();
    lockStateFolder(folder, 'npm start')[Symbol.dispose]();
  });
});
