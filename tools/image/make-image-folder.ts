import { copyFile, glob, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Node } from '@npmcli/arborist';
import { bundle, leftWhole } from './bundle.ts';
import { isNeeded, isNeededOfBundled, isNeededOfOurs } from './is-needed.ts';
import { closure, leftOut, productionPackages } from './production-packages.ts';

/** What was written. */
export interface ImageFolder {
  packages: number;
  files: number;
}

/**
 * Writes what the image of an app holds: the app as a bundle, and its production packages in the places where they stand in the
 * repository. Of a package that is in the bundle only the manifest, by which scanners find it, and the licences.
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
  const whole = new Set(closure(packages.filter(({ packageName }) => leftWhole.includes(packageName))));
  const names = new Set(packages.map(({ packageName }) => packageName));
  let files = await bundle({ root, app, to, packages: names });
  for (const node of packages) files += await copyPackage(node, { to, isWhole: whole.has(node) });
  for (const { location, target } of links) await link(join(to, location), join(to, target.location));
  await copyFile(join(root, 'LICENSE'), join(to, 'LICENSE'));
  await writeManifest(to, rootManifest(found.app));
  return { packages: packages.length, files };
}

/** @returns how many files */
async function copyPackage(node: Node, { to, isWhole }: { to: string; isWhole: boolean }): Promise<number> {
  const ours = !node.location.includes('node_modules/');
  const wanted = ours ? isNeededOfOurs : isWhole ? isNeeded : isNeededOfBundled;
  const files = (await filesOf(node.path)).filter(wanted);
  const place = join(to, node.location);
  for (const folder of new Set(['.', ...files.map(dirname)]))
    await mkdir(join(place, folder), { recursive: true });
  await Promise.all(files.map((file) => copyFile(join(node.path, file), join(place, file))));
  if (ours) await writeManifest(place, productionManifest(node.package));
  return files.length;
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
  return { name, version, private: true, license, description, type: 'module', dependencies };
}

function productionManifest(manifest: Record<string, unknown>): Record<string, unknown> {
  const { name, version, license, description, dependencies } = manifest;
  const kept = Object.entries(dependencies ?? {}).filter(([needed]) => !leftOut.includes(needed));
  return { name, version, private: true, license, description, dependencies: Object.fromEntries(kept) };
}
