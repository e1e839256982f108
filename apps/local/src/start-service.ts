import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';

import { drainMs, endWithParent } from '@payments/servers';

import { repositoryRoot } from './config.ts';
import { followServiceLog } from './service-log.ts';
import { shortPath } from './short-path.ts';
import { StackError } from './stack-error.ts';

/** One of the three services, as a process of its own. */
export type Service = AsyncDisposable & {
  name: ServiceName;
  pid: number;
  /** Where it listens, as its own log line says. */
  listening: { http: string; grpc?: string };
  /** Resolves when it has ended, with what ended it: `exit code 1` or `SIGKILL`. */
  ended: Promise<string>;
};

export type ServiceName = 'payment' | 'relay' | 'notifier';

/**
 * Starts a service and waits until it listens. It is in a process group of its own: Ctrl-C in the terminal reaches the
 * stack alone, which then stops everything in its order. Disposing sends SIGTERM and waits while it drains.
 * @throws StackError when it ends before it listens, or when `stop` is aborted meanwhile
 */
export async function startService(options: {
  name: ServiceName;
  env: NodeJS.ProcessEnv;
  logDir: string;
  echo: (text: string) => void;
  stop: AbortSignal;
}): Promise<Service> {
  const { name } = options;
  const logFile = join(options.logDir, `${name}.log`);
  const child = spawn(process.execPath, serviceArguments(name), {
    cwd: repositoryRoot,
    env: options.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = endOf(child);
  const listening = Promise.withResolvers<Service['listening']>();
  followServiceLog({
    outputs: [child.stdout, child.stderr],
    logFile,
    echo: options.echo,
    onLine: ({ msg, http, grpc }) => {
      if (msg !== 'listening' || typeof http !== 'string') return;
      listening.resolve(typeof grpc === 'string' ? { http, grpc } : { http });
    },
  });
  const dispose = () => endService(child, ended);
  try {
    const where = await Promise.race([
      listening.promise,
      failure({ name, logFile, ended }),
      aborted(options.stop),
    ]);
    return { name, pid: child.pid as number, listening: where, ended, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** How every service is started here: the telemetry preload, then its main, from source. Images do the same with their bundle (deploy/Dockerfile). */
function serviceArguments(name: ServiceName): string[] {
  return ['--import', '@payments/runtime/telemetry', `apps/${name}/src/main.ts`];
}

function endOf(child: ChildProcess): Promise<string> {
  const callOff = child.pid === undefined ? () => {} : endWithParent(child.pid, 'SIGTERM');
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => {
      callOff();
      resolve(signal ?? `exit code ${code}`);
    });
  });
}

async function failure(service: { name: string; logFile: string; ended: Promise<string> }): Promise<never> {
  const { name, logFile, ended } = service;
  throw new StackError(`${name} ended before it listened (${await ended}): ${shortPath(logFile)} tells why`);
}

function aborted(stop: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(stop.reason as Error);
    if (stop.aborted) fail();
    else stop.addEventListener('abort', fail, { once: true });
  });
}

async function endService(child: ChildProcess, ended: Promise<string>): Promise<void> {
  const insist = setTimeout(() => child.kill('SIGKILL'), drainMs);
  child.kill('SIGTERM');
  await ended;
  clearTimeout(insist);
}
