import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { runAsUnprivileged } from './run-as.ts';
import { specFolder } from './spec-folder.fixture.ts';

async function run(command: string, ...args: string[]): Promise<string> {
  const wrapped = (await runAsUnprivileged()).wrap(command, args);
  const { stdout, exitCode } = await execa(wrapped.command, wrapped.args, { reject: false });
  return stdout || `exit code ${exitCode}`;
}

describe('runAsUnprivileged', () => {
  it('never runs a program as root', async () => {
    expect(Number(await run('id', '-u'))).toBeGreaterThan(0);
  });

  it('lets it into a folder that is closed to others, to run and to write', async () => {
    await using folder = await specFolder();
    await chmod(folder.path, 0o700);
    const program = join(folder.path, 'program');
    await writeFile(program, '#!/bin/sh\nid -u\n', { mode: 0o700 });
    expect(Number(await run(program))).toBeGreaterThan(0);
    // As initdb asks: with access(2).
    expect(await run(process.execPath, '-e', `fs.accessSync('${program}', fs.constants.X_OK)`)).toBe(
      'exit code 0',
    );
    expect(await run('sh', '-c', `echo > ${join(folder.path, 'written')}`)).toBe('exit code 0');
  });
});
