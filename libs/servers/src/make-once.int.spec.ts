import { existsSync, mkdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { makeOnce } from './make-once.ts';
import { specFolder } from './spec-folder.fixture.ts';

/** A process that makes `folder`, taking its time until there is a file `<folder>.go`, and tells what it did. */
function maker(folder: string) {
  const script = `
    import { existsSync } from 'node:fs';
    import { writeFile } from 'node:fs/promises';
    const { makeOnce } = await import(${JSON.stringify(join(import.meta.dirname, 'make-once.ts'))});
    await makeOnce({
      folder: ${JSON.stringify(folder)},
      make: async (unfinished) => {
        while (!existsSync(${JSON.stringify(`${folder}.go`)})) await new Promise((done) => setTimeout(done, 10));
        await writeFile(unfinished + '/made', 'whole');
        console.log('made');
      },
      onWaiting: () => console.log('waited'),
      timeoutMs: 30_000,
    });`;
  return execa(process.execPath, ['--input-type=module', '-e', script]);
}

describe('makeOnce', () => {
  it('lets one of several processes work, and the others wait for it', async () => {
    await using parent = await specFolder();
    const folder = join(parent.path, 'tool');
    const makers = [maker(folder), maker(folder), maker(folder)];
    let waiting = 0;
    const twoWait = new Promise<void>((done) => {
      for (const { stdout } of makers) stdout.once('data', () => ++waiting === 2 && done());
    });
    await twoWait;
    await writeFile(`${folder}.go`, '');
    const told = await Promise.all(makers);
    expect(told.map(({ stdout }) => stdout).sort()).toEqual(['made', 'waited', 'waited']);
    expect(await readFile(join(folder, 'made'), 'utf8')).toBe('whole');
    expect(existsSync(`${folder}.lock`)).toBe(false);
  });

  it('leaves no lock behind when the folder appears while it takes the lock', async () => {
    await using parent = await specFolder();
    const folder = join(parent.path, 'tool');
    const making = makeOnce({
      folder,
      make: () => Promise.reject(new Error('it was there already')),
      onWaiting: () => undefined,
      timeoutMs: 5_000,
    });
    // The file is there one turn of the event loop before the lock counts as taken.
    while (!existsSync(`${folder}.lock`)) await new Promise((done) => setImmediate(done));
    mkdirSync(folder);
    await making;
    expect(existsSync(`${folder}.lock`)).toBe(false);
  });

  it('breaks the lock of a process that has died, and leaves nothing half made behind an error', async () => {
    await using parent = await specFolder();
    const folder = join(parent.path, 'tool');
    const dead = execa('true');
    await dead;
    await writeFile(`${folder}.lock`, `${dead.pid}`);
    const failing = makeOnce({
      folder,
      make: async (unfinished) => {
        await writeFile(join(unfinished, 'part'), '');
        throw new Error('no network');
      },
      onWaiting: () => undefined,
      timeoutMs: 5_000,
    });
    await expect(failing).rejects.toThrow('no network');
    expect(existsSync(folder)).toBe(false);
    expect(existsSync(`${folder}.lock`)).toBe(false);
  });
});
