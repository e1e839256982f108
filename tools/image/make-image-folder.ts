import { copyFile, glob, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Node } from '@npmcli/arborist';
import { isNeeded, isNeededOfOurs } from './is-needed.ts';
import { leftOut, productionPackages } from './production-packages.ts';
import { nameInImage, toJavaScript } from './to-javascript.ts';

/** What was written. */
export interface ImageFolder {
  packages: number;
  files: number;
}

/**
 * Writes what the image of an app holds: its production packages, in the places where they stand in the repository, ours as
 * JavaScript, and `app`, a link to the app's own folder.
 *
 * @throws Error for an app that is not there, a folder that is not empty, or dependencies that are not installed.
 */
export async function makeImageFolder(options: {
  root: string;
  app: string;
  to: string;
}): Promise<ImageFolder> {
  const { root, app, to } = options;
  const { packages, links, ...found } = await productionPackages(root, app);
  await mkdir(to, { recursive: true });
  if ((await readdir(to)).length > 0) throw new Error(`${to} is not empty`);
  let files = 0;
  for (const node of packages) files += await copyPackage(node, join(to, node.location));
  for (const { location, target } of links) await link(join(to, location), join(to, target.location));
  await link(join(to, 'app'), join(to, found.app.location));
  await copyFile(join(root, 'LICENSE'), join(to, 'LICENSE'));
  await writeManifest(to, rootManifest(found.app));
  return { packages: packages.length, files };
}

/** Of a package that is types alone its manifest goes along: what depends on it would seem to lack it. @returns how many files */
async function copyPackage(node: Node, to: string): Promise<number> {
  const ours = !node.location.includes('node_modules/');
  const files = (await filesOf(node.path)).filter(ours ? isNeededOfOurs : isNeeded);
  for (const folder of new Set(files.map(dirname))) await mkdir(join(to, folder), { recursive: true });
  const copy = ours ? copyOurs : copyFile;
  await Promise.all(files.map((file) => copy(join(node.path, file), join(to, file))));
  if (ours) await writeManifest(to, productionManifest(node.package));
  return files.length;
}

async function copyOurs(from: string, to: string): Promise<void> {
  if (nameInImage(from) === from) await copyFile(from, to);
  else await writeFile(nameInImage(to), toJavaScript(await readFile(from, 'utf8')));
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = glob('**', {
    cwd: folder,
    withFileTypes: true,
    exclude: ({ name }) => name === 'node_modules',
  });
  const files: string[] = [];
  for await (const entry of entries)
    if (entry.isFile()) files.push(relative(folder, join(entry.parentPath, entry.name)));
  return files;
}

async function link(from: string, to: string): Promise<void> {
  await mkdir(dirname(from), { recursive: true });
  await symlink(relative(dirname(from), to), from);
}

const writeManifest = (folder: string, manifest: Record<string, unknown>) =>
  writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);

/** So that `npm ls`, `npm sbom` and scanners of images find the whole tree, and nothing missing. */
function rootManifest(app: Node): Record<string, unknown> {
  const { version, license, description } = app.package;
  const dependencies = { [app.packageName]: version };
  const name = app.packageName.replace('@', '').replace('/', '-');
  return { name, version, private: true, license, description, dependencies };
}

function productionManifest(manifest: Record<string, unknown>): Record<string, unknown> {
  const { name, version, license, description, type, exports, dependencies } = manifest;
  const kept = Object.entries(dependencies ?? {}).filter(([needed]) => !leftOut.includes(needed));
  const rest = { name, version, private: true, license, description, type, exports: exportsInImage(exports) };
  return { ...rest, dependencies: Object.fromEntries(kept) };
}

function exportsInImage(exports: unknown): Record<string, string> | undefined {
  if (!exports) return undefined;
  return Object.fromEntries(Object.entries(exports).map(([name, file]) => [name, nameInImage(String(file))]));
}
