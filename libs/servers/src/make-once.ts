import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isAlive } from './is-alive.ts';
import { pollUntil } from './poll-until.ts';

/** A folder that is made once per machine. */
export interface MakeOnceOptions {
  /** The folder; it appears whole or not at all. */
  folder: string;
  /** Fills the empty folder it is given. */
  make: (unfinished: string) => Promise<void>;
  /** Told when another process is making it already. */
  onWaiting: () => void;
  /** How long another process may take, in milliseconds. */
  timeoutMs: number;
}

/**
 * Makes `folder` unless it is there. Of several processes one works and the others wait. The lock only saves double work: were
 * it broken, the rename would still leave one whole folder.
 */
export async function makeOnce(options: MakeOnceOptions): Promise<void> {
  const { folder, onWaiting, timeoutMs } = options;
  if (existsSync(folder)) return;
  await mkdir(dirname(folder), { recursive: true });
  const lock = `${folder}.lock`;
  let told = false;
  let locked = false;
  await pollUntil({ for: `another process to make ${folder}`, timeoutMs, everyMs: 200 }, async () => {
    if (existsSync(folder)) return true;
    locked = await takeLock(lock);
    if (locked) return true;
    if (!told) onWaiting();
    told = true;
    return undefined;
  });
  if (!locked) return;
  try {
    // Whoever had the lock before may have made the folder since it was looked for.
    if (!existsSync(folder)) await fill(options);
  } finally {
    await rm(lock, { force: true });
  }
}

async function fill({ folder, make }: MakeOnceOptions): Promise<void> {
  const unfinished = `${folder}.unfinished-${process.pid}`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  try {
    await make(unfinished);
    await rename(unfinished, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** The lock holds its owner's process id; one whose owner has died is broken. */
async function takeLock(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx');
    await file.writeFile(`${process.pid}`);
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const owner = await readFile(lock, 'utf8').catch(() => '');
  if (owner !== '' && !isAlive(Number(owner))) await rm(lock, { force: true });
  return false;
}
