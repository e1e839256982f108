import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import {
  builtFolder,
  findGoPrograms,
  moduleFolder,
  programsIn,
  type GoModule,
  type GoPrograms,
} from './go-module.ts';
import { makeOnce } from './make-once.ts';
import { ServerError } from './server-error.ts';

/**
 * Builds a Go module's programs into the cache, unless they are there already. The first time that takes minutes; its progress
 * goes to `log`.
 *
 * @returns the programs, and whether they were there already.
 * @throws ServerError `tool-missing` without Go or with one that is too old, `start-failed` when it does not build.
 */
export async function buildGoModule<Program extends string>(
  module: GoModule<Program>,
  { log }: { log: (line: string) => void },
): Promise<{ programs: GoPrograms<Program>; built: boolean }> {
  const found = await findGoPrograms(module);
  if (found) return { programs: found, built: false };
  const folder = await builtFolder(module);
  await makeOnce({
    folder,
    make: (unfinished) => buildAll(module, unfinished, log),
    onWaiting: () => log(`${module.title}: another process is building it, waiting for that`),
    timeoutMs: 30 * 60_000,
  });
  await removeOlder(folder);
  return { programs: programsIn(module, folder), built: true };
}

async function buildAll(module: GoModule, folder: string, log: (line: string) => void): Promise<void> {
  log(`${module.title}: building it with Go (about ${module.takes}, once)`);
  const programs = programsIn(module, folder);
  for (const [name, mainPackage] of Object.entries(module.programs))
    await goBuild({ module, mainPackage, output: programs[name] ?? name, log });
}

async function goBuild(options: {
  module: GoModule;
  mainPackage: string;
  output: string;
  log: (line: string) => void;
}): Promise<void> {
  const { module, mainPackage, output, log } = options;
  const linkerFlags = ['-s', '-w', ...(module.linkerFlags ?? [])].join(' ');
  const flags = ['-v', '-trimpath', '-ldflags', linkerFlags, '-o', output];
  const go = execa('go', ['build', ...flags, mainPackage], {
    cwd: moduleFolder(module),
    env: { CGO_ENABLED: '0' },
    reject: false,
  });
  const stopTelling = tellProgress(go.stderr, (line) => log(`${module.title}: ${basename(output)}, ${line}`));
  const { failed, code, stderr, shortMessage } = await go;
  stopTelling();
  if (failed) throw failure(module, { missing: code === 'ENOENT', stderr, shortMessage });
}

function failure(
  { title, takenFromPath }: GoModule,
  { missing, stderr, shortMessage }: { missing: boolean; stderr: string; shortMessage: string | undefined },
): ServerError {
  const instead = takenFromPath ? `, or put \`${title.toLowerCase()}\` on PATH` : '';
  const remedy = `install Go 1.26 or newer (https://go.dev/dl)${instead}`;
  if (missing)
    return new ServerError(
      'tool-missing',
      `${title} cannot be built, since \`go\` is not on PATH: ${remedy}.`,
    );
  const told = stderr.split('\n').filter((line) => !isProgress(line));
  const errors = told.slice(-8).join('\n');
  if (/requires go >=|invalid go version|toolchain not available/.test(stderr))
    return new ServerError(
      'tool-missing',
      `${title} cannot be built, since this Go is too old: ${remedy}.\n${errors}`,
    );
  return new ServerError('start-failed', `${title} did not build (${shortMessage}):\n${errors}`);
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
    log(`${fetched} modules fetched, ${compiled} packages compiled, ${seconds} s`);
  }, 10_000);
  return () => {
    clearInterval(timer);
  };
}

/** Builds of earlier requirements, some 20 to 200 MB each. */
async function removeOlder(folder: string): Promise<void> {
  const name = basename(folder);
  const prefix = name.slice(0, name.lastIndexOf('-'));
  const older = (await readdir(dirname(folder))).filter(
    (other) => other !== name && new RegExp(`^${prefix}-[0-9a-f]{12}$`).test(other),
  );
  for (const other of older) await rm(join(dirname(folder), other), { recursive: true, force: true });
}
