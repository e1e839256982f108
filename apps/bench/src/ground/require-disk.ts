import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';

/** @throws Error with the remedy, where the folder of temporary files has less room than so many GB */
export async function requireDisk(gigabytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(tmpdir());
  const free = Math.floor((bavail * bsize) / 1e9);
  if (free >= gigabytes) return;
  throw new Error(
    `${tmpdir()} has ${free} GB left, and ${gigabytes} are needed: make room there, or name another folder by TMPDIR`,
  );
}
