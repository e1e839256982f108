import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { drainMs, endWithParent } from '@payments/servers';
import { serviceEnvironment } from './config.ts';
import { eventually } from './eventually.ts';
import { currentTest, whenOutcomeIsKnown } from './keep-when-failed.ts';
import { followLines, type LogLine, type Match } from './log-lines.ts';

/** A service, run as in production: a process of its own, configured by the environment alone. */
export interface RunningService extends AsyncDisposable {
  pid: number;
  /** `host:port` of its health endpoints. */
  http: string;
  /** `host:port` of its gRPC server, if it has one. */
  grpc?: string;
  /**
   * What it has printed so far and was read, oldest first. A line may be read after the answer, the record or the row that the
   * service gave later: wait for it by `waitForLine`, and for all there will be by its end.
   */
  lines: readonly LogLine[];
  /** The first line, past or future, that holds the text or satisfies the function. Rejects when the service ends first. */
  waitForLine: (match: Match, options?: { timeoutMs?: number }) => Promise<LogLine>;
  /** Waits until `/readyz` is 200. */
  ready: (options?: { timeoutMs?: number }) => Promise<void>;
  /** Resolves when it has ended, with `exit code 1` or `SIGKILL`. */
  ended: Promise<string>;
  /** Sends a signal and goes on, e.g. SIGSTOP and SIGCONT. */
  send: (signal: NodeJS.Signals) => void;
  /** Sends a signal (default SIGKILL) that ends it, and waits for the end. */
  kill: (signal?: NodeJS.Signals) => Promise<string>;
}

/** How to start a service. */
export interface ServiceOptions {
  app: 'payment' | 'relay' | 'notifier' | 'slack-stand-in';
  /** On top of an environment with telemetry off and ports chosen by the system. */
  env: Readonly<Record<string, string>>;
  /** How long it may take to listen. Default 60,000. */
  timeoutMs?: number;
  /** What is run. Default: this Node and the app's source as it stands in the repository. */
  program?: Program;
}

/** A program as it is started. Signals reach what it starts as well. */
export interface Program {
  file: string;
  args: readonly string[];
  cwd: string;
}

const root = join(import.meta.dirname, '../../..');

/**
 * Starts a service and waits until it listens (not until it is ready). Disposing sends SIGTERM; a service that has not drained within `drainMs` is killed
 * and fails the spec. The last lines of one whose test failed are printed.
 *
 * @throws Error with what it printed, when it ends before it listens.
 */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const { app, env, timeoutMs = 60_000, program = sourceOf(app) } = options;
  const child = spawn(program.file, program.args, {
    cwd: program.cwd,
    env: serviceEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = endOf(child);
  const log = followLines([child.stdout, child.stderr], ended);
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    send(child, signal);
    return ended;
  };
  const dispose = disposer({ app, ended, kill, tail: log.tail });
  const listening = await log
    .wait(({ fields }) => fields['msg'] === 'listening', { timeoutMs })
    .catch(async (error: unknown) => {
      await kill();
      throw new Error(`${app} did not come to listen`, { cause: error });
    });
  const { http, grpc } = listening.fields as { http: string; grpc?: string };
  return {
    pid: child.pid as number,
    http,
    ...(grpc !== undefined && { grpc }),
    lines: log.lines,
    waitForLine: log.wait,
    ready: (within) => untilReady(http, within),
    ended,
    send: (signal) => send(child, signal),
    kill,
    [Symbol.asyncDispose]: dispose,
  };
}

function sourceOf(app: string): Program {
  const args = ['--import', '@payments/runtime/telemetry', join('apps', app, 'src/main.ts')];
  return { file: process.execPath, args, cwd: root };
}

/** To the group of the process: it was started as the leader of one. */
function send(child: ReturnType<typeof spawn>, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  process.kill(-child.pid, signal);
}

function endOf(child: ReturnType<typeof spawn>): Promise<string> {
  const callOff = child.pid === undefined ? () => undefined : endWithParent(child.pid, 'SIGKILL');
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    // `close` comes after the last line was read.
    child.once('close', (code, signal) => {
      callOff();
      resolve(signal ?? `exit code ${code}`);
    });
  });
}

interface Ending {
  app: string;
  ended: Promise<string>;
  kill: (signal: NodeJS.Signals) => Promise<string>;
  tail: () => string;
}

function disposer({ app, ended, kill, tail }: Ending): () => Promise<void> {
  const owner = currentTest();
  return async () => {
    await whenOutcomeIsKnown(owner, ({ failed }) => {
      if (failed) console.log(`the last lines of ${app}:\n${tail()}`);
      return Promise.resolve();
    });
    let drained = true;
    const insist = setTimeout(() => {
      drained = false;
      void kill('SIGKILL');
    }, drainMs);
    await kill('SIGTERM');
    await ended;
    clearTimeout(insist);
    if (!drained)
      throw new Error(`${app} did not end within ${drainMs / 1000} s of SIGTERM and was killed:\n${tail()}`);
  };
}

async function untilReady(http: string, { timeoutMs = 60_000 }: { timeoutMs?: number } = {}): Promise<void> {
  const ready = async () => {
    const reply = await fetch(`http://${http}/readyz`);
    if (!reply.ok) throw new Error(`/readyz is ${reply.status}: ${await reply.text()}`);
  };
  await eventually(ready, { timeoutMs });
}
