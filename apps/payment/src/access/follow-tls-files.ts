import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import type { Log } from '@payments/runtime';
import type { TlsFiles } from '../config.ts';
import { tlsProblems, validUntil } from './tls-material.ts';
import type { TlsMaterial } from './tls-material.ts';

/** What the files held at one look: their content, or why it is of no use. */
type Look = { hash: string; material: TlsMaterial } | { hash: string; problem: string };

const hashOf = (parts: readonly (string | Buffer)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex');
};

const readTlsFiles = async ({ cert, key, clientCa }: TlsFiles): Promise<TlsMaterial> => ({
  cert: await readFile(cert),
  key: await readFile(key),
  ...(clientCa !== undefined && { clientCa: await readFile(clientCa) }),
});

const look = async (files: TlsFiles): Promise<Look> => {
  try {
    const material = await readTlsFiles(files);
    const hash = hashOf(Object.values(material));
    const problem = tlsProblems(material)
      .map(({ variable, message }) => `${variable} ${message}`)
      .join('; ');
    return problem === '' ? { hash, material } : { hash, problem };
  } catch (error) {
    const problem = (error as Error).message;
    return { hash: hashOf([problem]), problem };
  }
};

/** The part of a logger that is needed here. */
export type AccessLog = Pick<Log, 'info' | 'warn'>;

/** How the files of a TLS server are followed. */
export type FollowTlsOptions = {
  files: TlsFiles;
  /** `hash` of the content in use. */
  inUse: string;
  /** Milliseconds from one look to the next. */
  everyMs: number;
  log: AccessLog;
  stop: AbortSignal;
  /** Takes the new content. */
  take: (material: TlsMaterial) => void;
};

/**
 * Reads the files of a TLS server for the first time.
 * @throws Error that names the variable when they are of no use
 */
export const readTlsFilesFirst = async (
  files: TlsFiles,
): Promise<{ hash: string; material: TlsMaterial }> => {
  const first = await look(files);
  if ('problem' in first) throw new Error(`TLS cannot be served: ${first.problem}`);
  return first;
};

/**
 * Looks at the files again and again until it is stopped: at their content, for a rename and Kubernetes' swap of a symlink
 * show in no watch of a path. Content that is of no use is passed over, and said once when the next look finds it still: a
 * look between the new certificate and its key finds a pair that does not fit.
 */
export const followTlsFiles = async (options: FollowTlsOptions): Promise<void> => {
  const { files, everyMs, stop } = options;
  let { inUse } = options;
  let passedOver = { hash: '', times: 0 };
  while (await pause(everyMs, stop)) {
    const seen = await look(files);
    if ('problem' in seen) {
      passedOver = passOver(options, seen, passedOver);
      continue;
    }
    passedOver = { hash: '', times: 0 };
    if (seen.hash !== inUse) use(options, seen.material);
    inUse = seen.hash;
  }
};

/** Whether to go on after a pause. It holds no process up. */
const pause = (ms: number, stop: AbortSignal): Promise<boolean> =>
  setTimeout(ms, true, { signal: stop, ref: false }).catch(() => false);

const use = ({ take, log }: FollowTlsOptions, material: TlsMaterial): void => {
  take(material);
  log.info({ validUntil: validUntil(material) }, 'the TLS files have changed: new connections use them');
};

const passOver = (
  { log }: FollowTlsOptions,
  { hash, problem }: { hash: string; problem: string },
  before: { hash: string; times: number },
) => {
  const times = before.hash === hash ? before.times + 1 : 1;
  if (times === 2)
    log.warn({ problem }, 'the TLS files have changed and are of no use: those before stay in use');
  return { hash, times };
};
