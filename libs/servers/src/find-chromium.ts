import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { searchPath } from './config.ts';

/** Chromium, as Linux distributions name it, and Chrome. */
const programs = ['chromium', 'chromium-browser', 'google-chrome'];

/** Where to get it, in a line, with the fonts of the pictures: Slack's own, Korean, emoji. */
export const chromiumRemedy =
  'Chromium is not on PATH. On Debian: apt-get install chromium fonts-lato fonts-noto-cjk fonts-noto-color-emoji';

/** The program of Chromium on PATH; null where there is none. */
export async function findChromium(): Promise<string | null> {
  const candidates = searchPath().flatMap((folder) => programs.map((program) => join(folder, program)));
  for (const candidate of candidates) {
    const found = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return candidate;
  }
  return null;
}
