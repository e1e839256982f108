import { chown, readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { ServerError } from './server-error.ts';

/** How a program that refuses to run as root is run: as we are, or as an unprivileged user where we are root. */
export interface RunAs {
  /** The program and its arguments, as they are to be started. */
  wrap: (command: string, args: readonly string[]) => { command: string; args: string[] };
  /** Gives a folder to that user. */
  own: (folder: string) => Promise<void>;
}

/**
 * PostgreSQL refuses to run as root. As root it is started through `setpriv` (util-linux) as user `postgres`, or
 * `nobody` where there is none; no user is made. It keeps the capability to pass folders of root, since a checkout below
 * /root is closed to everybody else.
 *
 * @throws ServerError `tool-missing` when root has no `setpriv`.
 */
export async function runAsUnprivileged(): Promise<RunAs> {
  if (process.getuid?.() !== 0) {
    return { wrap: (command, args) => ({ command, args: [...args] }), own: () => Promise.resolve() };
  }
  const { uid, gid } = await unprivilegedUser();
  const asUser = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  // Without the last one access(2), which initdb asks about its own programs, leaves the capability out of account.
  const passing = [
    '--inh-caps=-all,+dac_override',
    '--ambient-caps=-all,+dac_override',
    '--securebits=+no_setuid_fixup',
    '--',
  ];
  await requireSetpriv([...asUser, ...passing]);
  return {
    wrap: (command, args) => ({ command: 'setpriv', args: [...asUser, ...passing, command, ...args] }),
    own: (folder) => chown(folder, uid, gid),
  };
}

async function unprivilegedUser(): Promise<{ uid: number; gid: number }> {
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const user = ['postgres', 'nobody'].flatMap((name) => users.filter(([known]) => known === name))[0];
  return { uid: Number(user?.[2] ?? 65_534), gid: Number(user?.[3] ?? 65_534) };
}

async function requireSetpriv(args: readonly string[]): Promise<void> {
  const { failed, stderr, message } = await execa('setpriv', [...args, 'true'], { reject: false });
  if (!failed) return;
  throw new ServerError(
    'tool-missing',
    'PostgreSQL does not run as root, and `setpriv` (Debian: apt install util-linux) cannot change the user here: ' +
      `run as an ordinary user (${stderr || message}).`,
  );
}
