import { basename } from 'node:path';

/** Whether a file of one of our workspaces goes into an image: its source, without specs and what only they use. */
export function isNeededOfOurs(file: string): boolean {
  return file.startsWith('src/') && !/\.(spec|fixture|child|d)\.ts$|\.md$/.test(file);
}

/**
 * Whether a file of somebody else's package goes into an image. Left out is what Node never loads there: types, and source of
 * any TypeScript (Node strips no types below `node_modules`), source maps and pages. Licences stay, as they ask to.
 */
export function isNeeded(file: string): boolean {
  if (/^(licen[cs]e|notice|copying)/i.test(basename(file))) return true;
  return !/\.([cm]?ts|tsx|tsbuildinfo|flow|map|md|markdown)$/i.test(file);
}
