import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Program } from '@payments/testing';
import { execa } from 'execa';
import { imageStage, readEntrypoint } from './read-dockerfile.ts';

/** An image without Docker: the folder that the Dockerfile copies, which nobody may write to. */
export interface Image {
  /** How its entry point is run, with these arguments. */
  run: (...args: string[]) => Program;
  /** How another program than its entry point is run in it; the first word is Node. */
  runInstead: (...command: string[]) => Program;
}

/** The images of some apps, to throw away. */
export interface Images<App extends string> extends AsyncDisposable {
  of: (app: App) => Image;
  /** Whether they are run as a container is, as process 1 of namespaces of their own. */
  contained: boolean;
}

const repository = join(import.meta.dirname, '../../../..');

/** Makes the folders with `npm run image-folder`, as the Dockerfile does. */
export async function makeImages<App extends string>(...apps: App[]): Promise<Images<App>> {
  await using cleanup = new AsyncDisposableStack();
  const parent = await mkdtemp(join(tmpdir(), 'payments-images-'));
  cleanup.defer(() => rm(parent, { recursive: true, force: true }));
  // Open to whoever runs the image.
  await chmod(parent, 0o755);
  const root = join(parent, 'root');
  await mkdir(root);
  await Promise.all(apps.map((app) => makeFolder(app, join(parent, app))));
  cleanup.defer(() =>
    Promise.all(apps.map((app) => setMode(join(parent, app), 'u+w'))).then(() => undefined),
  );
  const contained = await canContain();
  const [entrypoint, user] = [await readEntrypoint(), await userOfImage()];
  const parts = { root, user };
  const kept = cleanup.move();
  return {
    contained,
    of(app) {
      const folder = join(parent, app);
      const runInstead = (...command: string[]) =>
        contained ? inContainer({ ...parts, folder, command }) : besides({ ...parts, folder, command });
      return { runInstead, run: (...args) => runInstead(...entrypoint, ...args) };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function makeFolder(app: string, to: string): Promise<void> {
  await execa(process.execPath, ['tools/image-folder.ts', app, '--to', to], { cwd: repository });
  await setMode(to, 'a-w');
}

const setMode = (folder: string, mode: string) => execa('chmod', ['-R', mode, folder]);

async function userOfImage(): Promise<string> {
  const [user = ''] = (await imageStage())('USER');
  return user;
}

interface Run {
  /** An empty folder. */
  root: string;
  folder: string;
  /** `uid:gid` */
  user: string;
  command: string[];
}

/** As the image's user, without any right of root. */
function asUser(user: string): string[] {
  const [uid = '', gid = ''] = user.split(':');
  const rights = ['--clear-groups', '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all'];
  // What it is started by goes with SIGKILL at times: then so does this.
  return [`--reuid=${uid}`, `--regid=${gid}`, ...rights, '--pdeathsig=KILL', '--'];
}

/**
 * In namespaces of its own, as a container engine does it: process 1; a root that holds the folder at /app, Node at its
 * place, the machine's C and C++ libraries, /proc and /dev/null, and is read-only throughout.
 */
function inContainer({ root, folder, user, command }: Run): Program {
  const script = `
    root=$1 folder=$2 node=$3; shift 3
    mount -t tmpfs tmpfs "$root"; cd "$root"
    mkdir -p app proc dev tmp usr/local/bin
    for lib in lib lib64 usr/lib usr/lib64; do
      if [ -L /$lib ]; then cp -P /$lib $lib; elif [ -d /$lib ]; then mkdir $lib; mount --bind /$lib $lib; fi
    done
    touch usr/local/bin/node dev/null setpriv
    mount --bind "$folder" app
    mount --bind "$node" usr/local/bin/node
    mount --bind "$(command -v setpriv)" setpriv
    mount --bind /dev/null dev/null
    for at in lib lib64 usr/lib usr/lib64 app usr/local/bin/node setpriv; do
      if mountpoint -q $at; then mount -o remount,ro,bind $at; fi
    done
    mount -t proc proc proc
    mount -o remount,ro "$root"
    exec unshare --root="$root" --wd=/app /setpriv "$@"`;
  const namespaces = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child'];
  const args = [...namespaces, 'sh', '-euc', script, 'sh'];
  const passed = [root, folder, process.execPath, ...asUser(user), ...command];
  return { file: 'unshare', args: [...args, ...passed], cwd: '/' };
}

/** Where there may be no namespaces: in the folder, without rights to write to it. */
function besides({ folder, user, command: [, ...args] }: Run): Program {
  const command = [process.execPath, ...args];
  return process.getuid?.() === 0
    ? { file: 'setpriv', args: [...asUser(user), ...command], cwd: folder }
    : { file: process.execPath, args, cwd: folder };
}

async function canContain(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  const args = ['--mount', '--pid', '--fork', '--mount-proc', 'true'];
  const { failed } = await execa('unshare', args, { reject: false });
  return !failed;
}
