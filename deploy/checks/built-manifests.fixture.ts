import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { glob } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { kustomize } from '@payments/servers';
import { parse, parseAllDocuments } from 'yaml';
import type { Manifest } from './manifest.ts';

/** The folder with everything that is deployed. */
export const deployFolder = join(import.meta.dirname, '..');

/** The namespace of what says none. */
export const namespace = 'payments';

/** A kustomization: its folder in `deploy`, as in `overlays/production`. */
export interface Kustomization {
  name: string;
  /** A part that stands on its own feet, and is a whole system: an overlay. */
  isOverlay: boolean;
  isComponent: boolean;
}

/** What a kustomization comes to. */
export interface Build extends Kustomization {
  yaml: string;
  manifests: Manifest[];
}

/** Every kustomization of `deploy`, found by its file, so that none is forgotten. */
export async function findKustomizations(): Promise<Kustomization[]> {
  const found: Kustomization[] = [];
  for await (const file of glob('**/kustomization.yaml', { cwd: deployFolder })) {
    const { kind } = parse(await readFile(join(deployFolder, file), 'utf8')) as { kind?: string };
    const name = dirname(file);
    found.push({ name, isOverlay: /^overlays\/[^/]+$/.test(name), isComponent: kind === 'Component' });
  }
  return found.sort((a, b) => a.name.localeCompare(b.name));
}

/**
 * Builds a kustomization with the real kustomize, once. A component, which is nothing by itself, is put on the base.
 *
 * @throws Error with what kustomize says.
 */
export function build(kustomization: Kustomization): Promise<Build> {
  const known = builds.get(kustomization.name) ?? buildAnew(kustomization);
  builds.set(kustomization.name, known);
  return known;
}

const builds = new Map<string, Promise<Build>>();

async function buildAnew(kustomization: Kustomization): Promise<Build> {
  const yaml = kustomization.isComponent
    ? await buildText({ resources: ['base'], components: [kustomization.name] })
    : await buildFolder(join(deployFolder, kustomization.name));
  const manifests = parseAllDocuments(yaml).map((document) => document.toJS() as Manifest);
  return { ...kustomization, yaml, manifests };
}

/**
 * Builds a kustomization of a spec's own, whose paths begin in `deploy`; `files` are put beside it.
 *
 * @throws Error with what kustomize says.
 */
export async function buildText(
  kustomization: { resources?: string[]; components?: string[]; [field: string]: unknown },
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'payments-kustomize-')));
  // kustomize takes no absolute paths.
  const from = (paths: string[] = []) =>
    paths.map((path) => (path in files ? path : relative(folder, join(deployFolder, path))));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const { resources, components, ...rest } = kustomization;
    const whole = { ...rest, namespace, resources: from(resources), components: from(components) };
    await writeFile(join(folder, 'kustomization.yaml'), JSON.stringify(whole));
    return await buildFolder(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function buildFolder(folder: string): Promise<string> {
  const output = await kustomize(folder);
  if (output === null) throw new Error('there is no kustomize: npm run tools');
  if (output.exitCode !== 0) throw new Error(output.stderr);
  return output.stdout;
}

/** All objects of all kustomizations; those that cannot be built are left out. */
export async function buildAll(): Promise<Manifest[]> {
  const all = await Promise.allSettled((await findKustomizations()).map(build));
  return all.flatMap((one) => (one.status === 'fulfilled' ? one.value.manifests : []));
}
