import { execFile } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

/** What a program printed, and how it ended. */
export type Ended = { exitCode: number; stdout: string; stderr: string };

/** Runs a program of ours, or of a package, to its end within the repository. */
export const run = (options: {
  script: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
}): Promise<Ended> => {
  const { script, args, env = {} } = options;
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const settings = { cwd: root, env: { PATH: '', ...env }, timeout: 30_000 };
  execFile(process.execPath, [join(root, script), ...args], settings, (error, stdout, stderr) => {
    const exitCode = error ? Number(error.code ?? -1) : 0;
    resolve({ exitCode, stdout, stderr });
  });
  return promise;
};
