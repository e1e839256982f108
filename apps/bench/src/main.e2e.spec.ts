import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { endNow, pollUntil, processesLeft } from '@payments/servers';
import { execaNode } from 'execa';

const main = new URL('./main.ts', import.meta.url).pathname;

let temporary: string;
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'bench-spec-'));
  await chmod(temporary, 0o755);
});
afterEach(() => rm(temporary, { recursive: true, force: true }));

/** Starts the suite with a folder of its own for what it writes, and waits until a scenario says what it does in the middle of its work. */
async function inTheMiddle({ scenario = 'held-snapshot', says = 'are written' } = {}) {
  const bench = execaNode(main, ['--quick', '--only', scenario], {
    env: { TMPDIR: temporary },
    all: true,
    reject: false,
  });
  let output = '';
  bench.all.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const waiting = { for: 'the scenario to begin', timeoutMs: 90_000 };
  const begun = new RegExp(`PostgreSQL listens on (\\S+)[^]*${says}`);
  const address = await pollUntil(waiting, () => Promise.resolve(begun.exec(output)?.[1]));
  return { bench, leftovers: () => leftoversOf(address) };
}

/** Files; the servers, which have the folder in their command; what is connected to them, which has the address. */
async function leftoversOf(address: string) {
  const processes = [...(await processesLeft(temporary)), ...(await processesLeft(address))];
  return { files: await readdir(temporary), processes };
}

it('Ctrl-C in the middle of a scenario ends it with 130, and leaves no process and no file', async () => {
  const { bench, leftovers } = await inTheMiddle();
  expect((await leftovers()).processes.length).toBeGreaterThan(2);
  bench.kill('SIGINT');
  const { exitCode, all } = await bench;
  expect(all).toMatch(/\nstopped by SIGINT$/);
  expect(exitCode).toBe(130);
  expect(await leftovers()).toEqual({ files: [], processes: [] });
});

it('Ctrl-C while it waits for another program ends it in the same way', async () => {
  const { bench, leftovers } = await inTheMiddle({ scenario: 'size', says: 'making the folders' });
  bench.kill('SIGINT');
  const { exitCode, all } = await bench;
  expect(all).toMatch(/\nstopped by SIGINT$/);
  expect(exitCode).toBe(130);
  expect(await leftovers()).toEqual({ files: [], processes: [] });
});

it('a scenario that fails ends it with 1 and the reason, and leaves no process and no file', async () => {
  const { bench, leftovers } = await inTheMiddle();
  const postgres = (await leftovers()).processes.find(({ command }) => / -D \S+ /.test(command));
  endNow(postgres?.pid ?? NaN);
  const { exitCode, all } = await bench;
  expect(all).toMatch(/\nrelay-\d+\.log ended with:\n[^]+\nheld-snapshot failed: .+$/);
  expect(exitCode).toBe(1);
  expect(await leftovers()).toEqual({ files: [], processes: [] });
});

it('a file for figures that cannot be written is told at once', async () => {
  const json = join(temporary, 'nowhere', 'out.json');
  const { exitCode, stderr } = await execaNode(main, ['--quick', '--json', json], { reject: false });
  expect(stderr).toContain(
    `option '--json <file>' argument '${json}' is invalid. it cannot be written: ENOENT`,
  );
  expect(exitCode).toBe(1);
});
