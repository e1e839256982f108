import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, searchPath } from './config.ts';

/** The Go module of ours from which Jaeger is built. */
export const jaegerModule = join(import.meta.dirname, '../../../tools/jaeger');

const suffix = process.platform === 'win32' ? '.exe' : '';
/** File name of the program. */
export const jaegerProgram = `jaeger${suffix}`;

/** Jaeger's program: on PATH, else the one that `npm run tools` built; null where there is neither. */
export async function findJaeger(): Promise<string | null> {
  const candidates = [...searchPath(), await jaegerFolder()].map((folder) => join(folder, jaegerProgram));
  for (const candidate of candidates) {
    if (await isExecutable(candidate)) return candidate;
  }
  return null;
}

/** Where Jaeger is built: another folder as soon as the module's requirements change. */
export async function jaegerFolder(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(await readFile(join(jaegerModule, file)));
  return join(cacheFolder(), `jaeger-${hash.digest('hex').slice(0, 12)}`);
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
