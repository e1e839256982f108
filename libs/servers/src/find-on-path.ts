import { join } from 'node:path';
import { searchPath } from './config.ts';
import { isExecutable } from './is-executable.ts';

/** The first of these programs that is on PATH; null where none is. */
export async function findOnPath(programs: readonly string[]): Promise<string | null> {
  const candidates = searchPath().flatMap((folder) => programs.map((program) => join(folder, program)));
  for (const candidate of candidates) {
    if (await isExecutable(candidate)) return candidate;
  }
  return null;
}
