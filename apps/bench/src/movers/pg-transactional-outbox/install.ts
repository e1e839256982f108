import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, makeOnce } from '@payments/servers';
import { execa } from 'execa';

/** What is measured, with clients of its own that match it, and every package that these bring, by its hash. */
const locked = join(import.meta.dirname, '../../../peers/pg-transactional-outbox');
const version = '0.5.7';

/**
 * Installs pg-transactional-outbox into the cache, once, and runs no script of what it installs.
 * @returns the folder that its packages can be required from
 * @throws Error with what npm says
 */
export async function installPeer({
  log,
  stop,
}: {
  log: (line: string) => void;
  stop: AbortSignal;
}): Promise<string> {
  const folder = join(cacheFolder(), `pg-transactional-outbox-${version}`);
  await makeOnce({
    folder,
    make: async (unfinished) => {
      log('pg-transactional-outbox: installing it (once)');
      await cp(locked, unfinished, { recursive: true });
      await execa('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
        cwd: unfinished,
        cancelSignal: stop,
      });
    },
    onWaiting: () => log('pg-transactional-outbox: another process is installing it, waiting for that'),
    timeoutMs: 600_000,
  });
  return folder;
}
