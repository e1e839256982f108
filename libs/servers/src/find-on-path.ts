import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { searchPath } from './config.ts';

/** The first of these programs that is on PATH; null where none is. */
export async function findOnPath(programs: readonly string[]): Promise<string | null> {
  const candidates = searchPath().flatMap((folder) => programs.map((program) => join(folder, program)));
  for (const candidate of candidates) {
    const found = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return candidate;
  }
  return null;
}
