/**
 * Fails when `proto/` breaks the rules of `buf lint`, or when the generated code or page in the tree is not what
 * `proto/` generates today. Names each file that differs. Run by `npm test`; the remedy is `npm run generate`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '..');
const generated = 'libs/contracts/src/generated';
const page = 'docs/api.md';

/** Runs buf, which works offline: every plugin and import is in the tree. False, and a line on stderr, if it refuses. */
const buf = (args: readonly string[], remedy: string): boolean => {
  const bin = join(root, 'node_modules/@bufbuild/buf/bin/buf');
  const { status, error } = spawnSync(process.execPath, [bin, ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0)
    console.error(`buf ${args[0] ?? ''} failed${error ? `: ${error.message}` : ''}. ${remedy}`);
  return status === 0;
};

const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();

const contentOf = (folder: string, file: string): string | undefined => {
  try {
    return readFileSync(join(folder, file), 'utf8');
  } catch {
    return undefined;
  }
};

/** Every file that one side has and the other lacks, or that differs. */
const differences = (expected: string, actual: string): string[] =>
  [...new Set([...filesUnder(expected), ...filesUnder(actual)])]
    .filter((file) => contentOf(expected, file) !== contentOf(actual, file))
    .sort();

/** Generates into `folder` by the very template that `npm run generate` uses, and names what differs. */
const checkDrift = (folder: string): boolean => {
  const args = ['generate', '--template', 'proto/buf.gen.yaml', '--output', folder];
  if (!buf(args, 'Mend proto/ or proto/buf.gen.yaml.')) return false;
  const drifted = differences(join(folder, generated), join(root, generated)).map(
    (file) => `${generated}/${file}`,
  );
  if (contentOf(folder, page) !== contentOf(root, page)) drifted.push(page);
  for (const file of drifted) console.error(`${file} is not what proto/ generates.`);
  if (drifted.length > 0) console.error('Run `npm run generate` and commit the result.');
  return drifted.length === 0;
};

const fresh = mkdtempSync(join(tmpdir(), 'generated-'));
try {
  const clean = buf(['lint', 'proto'], 'Mend the lines named above.');
  process.exitCode = checkDrift(fresh) && clean ? 0 : 1;
} finally {
  rmSync(fresh, { recursive: true });
}
