import { readdir, readFile, readlink } from 'node:fs/promises';
import { execa } from 'execa';
import { isAlive } from './is-alive.ts';

/** A process that was found. */
export interface FoundProcess {
  pid: number;
  command: string;
}

/**
 * The living processes, but this one, that have `mark` in their command line, environment or working directory. Give what is
 * started a variable of its own (children inherit it) or a folder of its own, and ask for that afterwards.
 */
export async function processesLeft(mark: string): Promise<FoundProcess[]> {
  const all = process.platform === 'linux' ? await fromProc() : await fromPs();
  return all
    .filter(({ pid, about }) => pid !== process.pid && about.includes(mark) && isAlive(pid))
    .map(({ pid, command }) => ({ pid, command }));
}

type Described = FoundProcess & { about: string };

async function fromProc(): Promise<Described[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    pids.map(async (pid) => {
      const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
      const [command, environment] = await Promise.all([read('cmdline'), read('environ')]);
      const folder = await readlink(`/proc/${pid}/cwd`).catch(() => '');
      const readable = command.replaceAll('\0', ' ').trim();
      return { pid: Number(pid), command: readable, about: [command, environment, folder].join('\0') };
    }),
  );
}

async function fromPs(): Promise<Described[]> {
  const { stdout } = await execa('ps', ['axeww', '-o', 'pid=,command=']);
  return stdout.split('\n').map((line) => {
    const [, pid, command = ''] = /^\s*(\d+)\s(.*)$/.exec(line) ?? [];
    return { pid: Number(pid), command, about: command };
  });
}
