import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, makeOnce } from '@payments/servers';
import { execa } from 'execa';

/** What is measured, with clients of its own that match it. */
const packages = { 'pg-transactional-outbox': '0.5.7', pg: '8.23.1', kafkajs: '2.2.4' };

/**
 * Installs pg-transactional-outbox into the cache, once.
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
  const folder = join(cacheFolder(), `pg-transactional-outbox-${packages['pg-transactional-outbox']}`);
  await makeOnce({
    folder,
    make: async (unfinished) => {
      log('pg-transactional-outbox: installing it (once)');
      await writeFile(
        join(unfinished, 'package.json'),
        JSON.stringify({ private: true, dependencies: packages }),
      );
      await execa('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], {
        cwd: unfinished,
        cancelSignal: stop,
      });
    },
    onWaiting: () => log('pg-transactional-outbox: another process is installing it, waiting for that'),
    timeoutMs: 600_000,
  });
  return folder;
}
