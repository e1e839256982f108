import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { endWithParent } from './end-with-parent.ts';
import { ServerError } from './server-error.ts';

/** How to launch a server. */
export interface LaunchOptions {
  /** The server's name in messages. */
  name: string;
  command: string;
  args: readonly string[];
  /** Both outputs go here, so that the server does not depend on a pipe of ours. */
  logFile: string;
  /** Keep what the log holds already (a restart). */
  appendLog?: boolean;
  env?: NodeJS.ProcessEnv;
  /** The folder it runs in: that of this process when not given. */
  cwd?: string;
  /** How it is asked to end when this process dies. */
  endSignal: 'SIGINT' | 'SIGTERM' | 'SIGKILL';
  /** What to install when `command` is not on PATH. */
  remedy: string;
}

/** A server's process, started in a session of its own: Ctrl-C in a terminal reaches us alone. */
export interface ServerProcess {
  pid: number;
  /** Whether it has not ended yet. */
  running: () => boolean;
  /** Resolves when it has ended, with what ended it: `exit code 1` or `SIGKILL`. */
  ended: Promise<string>;
  /** @throws ServerError `start-failed` with the log's last lines, if it has ended. */
  requireRunning: () => void;
  /** Sends `signal` and waits for the end; after `graceMs` it is killed. True: it ended by itself. */
  end: (signal: NodeJS.Signals, graceMs: number) => Promise<boolean>;
}

/** @throws ServerError `tool-missing` when the command does not exist. */
export async function launch(options: LaunchOptions): Promise<ServerProcess> {
  const log = openSync(options.logFile, options.appendLog ? 'a' : 'w');
  const child = spawn(options.command, options.args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: options.env ?? process.env,
    cwd: options.cwd,
  });
  closeSync(log);
  const pid = await spawned(child, options);
  const callOff = endWithParent(pid, options.endSignal);
  let how: string | undefined;
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      callOff();
      how = signal ?? `exit code ${code}`;
      resolve(how);
    });
  });
  const running = () => how === undefined;
  return {
    pid,
    running,
    ended,
    requireRunning: () => {
      if (how !== undefined) throw new ServerError('start-failed', `${options.name} ended with ${how}`);
    },
    end: (signal, graceMs) => end({ child, ended, running, signal, graceMs }),
  };
}

function spawned(child: ChildProcess, { name, command, remedy }: LaunchOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => {
      resolve(child.pid as number);
    });
    child.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'ENOENT' ? `\`${command}\` is not on PATH` : cause.message;
      reject(
        new ServerError('tool-missing', `${name} cannot be started, since ${why}: ${remedy}.`, { cause }),
      );
    });
  });
}

interface EndOptions {
  child: ChildProcess;
  ended: Promise<string>;
  running: () => boolean;
  signal: NodeJS.Signals;
  graceMs: number;
}

async function end({ child, ended, running, signal, graceMs }: EndOptions): Promise<boolean> {
  if (!running()) return true;
  let byItself = true;
  const insist = setTimeout(() => {
    byItself = false;
    child.kill('SIGKILL');
  }, graceMs);
  child.kill(signal);
  await ended;
  clearTimeout(insist);
  return byItself;
}

/** The last lines of a server's log, for an error message. */
export async function logTail(logFile: string, lines = 12): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
