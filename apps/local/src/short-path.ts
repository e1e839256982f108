import { relative } from 'node:path';

import { repositoryRoot } from './config.ts';

/** A path as one would type it at the root of the repository. */
export function shortPath(path: string): string {
  const short = relative(repositoryRoot, path);
  return short.startsWith('..') ? path : short;
}
