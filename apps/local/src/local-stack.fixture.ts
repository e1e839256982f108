import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { endNow, pollUntil, processesLeft } from '@payments/servers';
import type { FoundProcess } from '@payments/servers';

import { repositoryRoot } from './config.ts';
import type { StackFile } from './stack-file.ts';

/** A state folder of its own, whose path is in the environment of every process that a stack in it starts. */
export type StateFolder = AsyncDisposable & {
  path: string;
  /** `stack.json`, or undefined while there is none. */
  stack(): Promise<StackFile | undefined>;
  /** The processes that live, once those that are on their way out have had some time: 20 s, where not told otherwise. */
  processesLeft(withinMs?: number): Promise<FoundProcess[]>;
};

/** A command of this project under way. */
export type Running = AsyncDisposable & {
  pid: number;
  /** What it printed so far. */
  output(): string;
  /** Resolves when it has printed this text; rejects when it ends before. */
  printed(text: string): Promise<void>;
  ended: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
};

/** Makes an empty state folder; disposing removes it. */
export async function makeStateFolder(): Promise<StateFolder> {
  const path = await mkdtemp(join(tmpdir(), 'payments-local-'));
  return {
    path,
    stack: async () => {
      const text = await readFile(join(path, 'stack.json'), 'utf8').catch(() => undefined);
      return text === undefined ? undefined : (JSON.parse(text) as StackFile);
    },
    processesLeft: (withinMs = 20_000) => leftAfter(path, withinMs),
    [Symbol.asyncDispose]: async () => {
      for (const { pid } of await processesLeft(path)) endNow(pid);
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function leftAfter(path: string, timeoutMs: number): Promise<FoundProcess[]> {
  const none = async () => ((await processesLeft(path)).length === 0 ? ([] as FoundProcess[]) : undefined);
  return pollUntil({ for: 'processes to end', timeoutMs }, none).catch(() => processesLeft(path));
}

/** Any free port for everything, so that a stack of somebody else is not in the way. */
const anyPorts = {
  GRPC_LISTEN: '127.0.0.1:0',
  HTTP_LISTEN: '127.0.0.1:0',
  POSTGRES_PORT: '0',
  KAFKA_PORT: '0',
  JAEGER_PORT: '0',
  OTLP_PORT: '0',
  SLACK_PORT: '0',
};

/** Runs `start`, `servers` or `app` as the npm script of that name does. */
export function run(
  command: 'start' | 'servers' | 'app',
  options: { folder: StateFolder; args?: string[]; env?: NodeJS.ProcessEnv },
): Running {
  const { args = [], folder, env } = options;
  const script = ['--import', './tools/require-node.mjs', `apps/local/src/${command}.ts`, ...args];
  const child = spawn(process.execPath, script, {
    cwd: repositoryRoot,
    env: { ...cleanEnvironment(), ...anyPorts, LOCAL_STATE_DIR: folder.path, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const heard = new EventTarget();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      output += `${line}\n`;
      heard.dispatchEvent(new Event('line'));
    });
  }
  const ended: Promise<number | null> = once(child, 'close').then(([code]) => code as number | null);
  const printed = async (text: string) => {
    const over = ended.then(() => 'over' as const);
    while (!output.includes(text)) {
      if ((await Promise.race([once(heard, 'line'), over])) !== 'over') continue;
      if (!output.includes(text)) throw new Error(`ended without printing "${text}":\n${output}`);
    }
  };
  const kill = (signal: NodeJS.Signals) => void child.kill(signal);
  const dispose = async () => {
    kill('SIGTERM');
    await ended;
  };
  return {
    pid: child.pid as number,
    output: () => output,
    printed,
    ended,
    kill,
    [Symbol.asyncDispose]: dispose,
  };
}

/** What the machine needs, and nothing that tells a stack which servers or ports to use. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'XDG_CACHE_HOME', 'JAVA_HOME', 'TMPDIR', 'LANG'];
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
