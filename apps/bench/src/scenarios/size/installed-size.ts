import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** The bytes of all files below a folder, or of one file, in MB; a link counts nothing. */
export async function installedMb(path: string): Promise<number> {
  const { size } = await stat(path);
  return (path === process.execPath ? size : await bytesBelow(path)) / 1024 ** 2;
}

async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
