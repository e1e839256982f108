import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

/**
 * Where fetched and built tools are kept, outside the repository so that a fresh clone finds them:
 * `$XDG_CACHE_HOME/payments-tools`, or `~/.cache/payments-tools`.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'payments-tools');
}

/** The folders in which programs are looked for. */
export function searchPath(env: NodeJS.ProcessEnv = process.env): string[] {
  return (env['PATH'] ?? '').split(delimiter).filter(Boolean);
}

/**
 * Where the CustomResourceDefinitions of the operators are, that manifests are checked against: `$CRDS_DIR`, a folder with
 * folders; null where it does not say so, or is not a folder.
 */
export function crdsFolder(env: NodeJS.ProcessEnv = process.env): string | null {
  const folder = env['CRDS_DIR'];
  return folder && statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? resolve(folder) : null;
}
