import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { documents, linesOf } from './documents.fixture.ts';

/** `npm run outbox -- release --all` as its script, the words before anything that it is given, and its options. */
function partsOf(line: string): { path: string[]; options: string[] } {
  const [, script = '', rest = ''] = /^npm run (\w+) -- (.+)$/.exec(line) ?? [];
  const words = rest.split(' ');
  const commands = words.slice(0, words[0] === 'dead-letters' ? 2 : 1);
  return { path: [script, ...commands], options: words.filter((word) => word.startsWith('--')) };
}

async function helpOf([script = '', ...commands]: string[]): Promise<string> {
  const file = `apps/cli/src/${script}.ts`;
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...commands, '--help'], {
    cwd: documents.root,
  });
  return stdout;
}

it('every command of the run book is one, with options that it has', async () => {
  const runbook = await readFile(documents.runbook, 'utf8');
  const lines = linesOf('sh', runbook).filter((line) => line.startsWith('npm run '));
  const inText = [...runbook.matchAll(/`npm run (\w+)/g)].map(([, script]) => script);
  const options = new Map<string, Set<string>>();
  for (const { path, options: given } of lines.map(partsOf)) {
    const key = path.join(' ');
    options.set(key, new Set([...(options.get(key) ?? []), ...given]));
  }
  expect(options.size).toBeGreaterThan(8);
  await Promise.all(
    [...options].map(async ([key, given]) => {
      const help = await helpOf(key.split(' '));
      // Without such a command the help is that of the one above it.
      expect(help).toContain(`npm run ${key.replace(' ', ' -- ')}`);
      for (const option of given) expect(`${key}: ${help}`).toContain(` ${option}`);
    }),
  );
  const scripts = Object.keys(
    (JSON.parse(await readFile(`${documents.root}/package.json`, 'utf8')) as { scripts: object }).scripts,
  );
  expect(scripts).toEqual(expect.arrayContaining(inText));
});
