import { basename } from 'node:path';

/** Whether a file of one of our workspaces goes into an image beside the bundle, which has its source: its SQL, say. */
export function isNeededOfOurs(file: string): boolean {
  return file.startsWith('src/') && !/\.([cm]?[jt]s|md)$/.test(file);
}

/** Whether a file of a package that is in the bundle goes along: its manifest and its licence. */
export function isNeededOfBundled(file: string): boolean {
  return file === 'package.json' || isLicence(file);
}

const isLicence = (file: string): boolean => /^(licen[cs]e|notice|copying)/i.test(basename(file));

/**
 * Whether a file of a package that is left whole goes into an image. Left out is what Node never loads there: types, and source of
 * any TypeScript (Node strips no types below `node_modules`), source maps and pages. Licences stay, as they ask to.
 */
export function isNeeded(file: string): boolean {
  if (isLicence(file)) return true;
  return !/\.([cm]?ts|tsx|tsbuildinfo|flow|map|md|markdown)$/i.test(file);
}
