import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** How a command ended: its exit code, or the signal that ended it. */
export type Ended = { exitCode: number | null; signal: string | null; stdout: string; stderr: string };

/** A command under way. Disposing kills it if it has not ended. */
export type Running = AsyncDisposable & {
  /** Resolves when standard error holds the text. */
  said: (text: string) => Promise<void>;
  interrupt: () => void;
  /** Reads nothing more of standard output, as `head` does. */
  closeStdout: () => void;
  /** Reads nothing of standard output until `go`, as a slow reader does: what it holds then waits in the command. */
  holdStdout: () => { go: () => void };
  ended: Promise<Ended>;
};

/** Starts a command as a script does: without a terminal, and with nothing in its environment but this. */
export const startCommand = (
  name: 'pay' | 'outbox' | 'notifier',
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Running => {
  const child = spawn(process.execPath, [join(import.meta.dirname, `${name}.ts`), ...args], {
    env: { ...env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve) =>
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr })),
  );
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => stderr.includes(text) && resolve();
      child.stderr.on('data', look);
      look();
      void ended.then(() => reject(new Error(`it ended without saying "${text}": ${stderr}`)));
    });
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return {
    said,
    interrupt: () => child.kill('SIGINT'),
    closeStdout: () => child.stdout.destroy(),
    holdStdout: () => {
      child.stdout.pause();
      return { go: () => child.stdout.resume() };
    },
    ended,
    [Symbol.asyncDispose]: kill,
  };
};
