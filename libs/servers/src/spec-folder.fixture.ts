import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endNow } from './end-now.ts';
import { processesLeft } from './processes-left.ts';

/** For specs: a folder of their own; disposing of it fails when a process still works in it, and removes it. */
export async function specFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'payments-servers-'));
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      const left = await processesLeft(path);
      for (const { pid } of left) endNow(pid);
      await rm(path, { recursive: true, force: true });
      if (left.length > 0) throw new Error(`processes were left behind: ${JSON.stringify(left)}`);
    },
  };
}
