import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { findJaeger, jaegerFolder, jaegerModule, jaegerProgram } from './find-jaeger.ts';
import { makeOnce } from './make-once.ts';
import { ServerError } from './server-error.ts';

const remedy = 'install Go 1.26 or newer (https://go.dev/dl), or put a `jaeger` on PATH';

/**
 * Builds Jaeger v2 with Go from the module in `tools/jaeger` into the cache, unless it is there or on PATH. The first time it
 * takes about 4 minutes; its progress goes to `log`.
 *
 * @returns the program, and whether it was there already.
 * @throws ServerError `tool-missing` without Go or with one that is too old, `start-failed` when it does not build.
 */
export async function buildJaeger(options: {
  log: (line: string) => void;
}): Promise<{ program: string; built: boolean }> {
  const found = await findJaeger();
  if (found) return { program: found, built: false };
  const folder = await jaegerFolder();
  await makeOnce({
    folder,
    make: (unfinished) => goBuild(join(unfinished, jaegerProgram), options.log),
    onWaiting: () => options.log('Jaeger: another process is building it, waiting for that'),
    timeoutMs: 30 * 60_000,
  });
  await removeOlder(folder);
  return { program: join(folder, jaegerProgram), built: true };
}

async function goBuild(output: string, log: (line: string) => void): Promise<void> {
  log('Jaeger: building it with Go (about 4 minutes, once)');
  const flags = ['-v', '-trimpath', '-ldflags', '-s -w', '-o', output];
  const go = execa('go', ['build', ...flags, 'github.com/jaegertracing/jaeger/cmd/jaeger'], {
    cwd: jaegerModule,
    env: { CGO_ENABLED: '0' },
    reject: false,
  });
  const stopTelling = tellProgress(go.stderr, log);
  const { failed, code, stderr, shortMessage } = await go;
  stopTelling();
  if (!failed) return;
  if (code === 'ENOENT')
    throw new ServerError('tool-missing', `Jaeger cannot be built, since \`go\` is not on PATH: ${remedy}.`);
  const errors = stderr
    .split('\n')
    .filter((line) => !isProgress(line))
    .slice(-8)
    .join('\n');
  if (/requires go >=|invalid go version|toolchain not available/.test(stderr)) {
    throw new ServerError(
      'tool-missing',
      `Jaeger cannot be built, since this Go is too old: ${remedy}.\n${errors}`,
    );
  }
  throw new ServerError('start-failed', `Jaeger did not build (${shortMessage}):\n${errors}`);
}

/** `go build -v` names each module it fetches and each package it compiled, one a line. */
const isProgress = (line: string) => /^go: downloading |^[\w.-]+(\/[\w.~-]+)*$/.test(line);

function tellProgress(stderr: NodeJS.ReadableStream, log: (line: string) => void): () => void {
  const startedAt = Date.now();
  let [fetched, compiled] = [0, 0];
  createInterface({ input: stderr }).on('line', (line) => {
    if (line.startsWith('go: downloading ')) fetched++;
    else if (isProgress(line)) compiled++;
  });
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    log(`Jaeger: ${fetched} modules fetched, ${compiled} packages compiled, ${seconds} s`);
  }, 10_000);
  return () => {
    clearInterval(timer);
  };
}

/** Builds of earlier requirements, some 90 MB each. */
async function removeOlder(folder: string): Promise<void> {
  const older = (await readdir(dirname(folder))).filter(
    (name) => /^jaeger-[0-9a-f]{12}$/.test(name) && name !== basename(folder),
  );
  for (const name of older) await rm(join(dirname(folder), name), { recursive: true, force: true });
}
