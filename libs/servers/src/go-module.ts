import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, searchPath } from './config.ts';
import { isExecutable } from './is-executable.ts';

/** A Go module of ours, whose requirements pin the programs that are built from it. */
export interface GoModule<Program extends string = string> {
  /** What it brings, as in "Jaeger". */
  title: string;
  /** Its folder in `tools`. */
  folder: string;
  /** The main package of each program. */
  programs: Readonly<Record<Program, string>>;
  /** Flags of the linker besides those that leave out what debuggers read. */
  linkerFlags?: readonly string[];
  /** How long the first build takes on two cores, as in "4 minutes". */
  takes: string;
  /** Whether programs of these names on PATH do as well, whatever their version. */
  takenFromPath?: boolean;
}

/** Where each program is. */
export type GoPrograms<Program extends string> = Readonly<Record<Program, string>>;

/** The module's own folder, with go.mod and go.sum. */
export function moduleFolder({ folder }: GoModule): string {
  return join(import.meta.dirname, '../../../tools', folder);
}

/** Where its programs are built: another folder as soon as the module's requirements change. */
export async function builtFolder(module: GoModule): Promise<string> {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(await readFile(join(moduleFolder(module), file)));
  return join(cacheFolder(), `${module.folder}-${hash.digest('hex').slice(0, 12)}`);
}

/** The module's programs: on PATH, where those will do, else those that `npm run tools` built; null unless all are there. */
export async function findGoPrograms<Program extends string>(
  module: GoModule<Program>,
): Promise<GoPrograms<Program> | null> {
  const folders = [...(module.takenFromPath ? searchPath() : []), await builtFolder(module)];
  for (const folder of folders) {
    const programs = programsIn(module, folder);
    const there = await Promise.all(Object.values<string>(programs).map(isExecutable));
    if (there.every(Boolean)) return programs;
  }
  return null;
}

/** What the module's programs are called in `folder`. */
export function programsIn<Program extends string>(
  module: GoModule<Program>,
  folder: string,
): GoPrograms<Program> {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const names = Object.keys(module.programs) as Program[];
  return Object.fromEntries(
    names.map((name) => [name, join(folder, `${name}${suffix}`)]),
  ) as GoPrograms<Program>;
}
