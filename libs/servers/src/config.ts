import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

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
