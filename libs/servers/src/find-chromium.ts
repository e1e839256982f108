import { findOnPath } from './find-on-path.ts';

/** Chromium, as Linux distributions name it, and Chrome. */
const programs = ['chromium', 'chromium-browser', 'google-chrome'];

/** Where to get it, in a line, with the fonts of the pictures: Slack's own, Korean, emoji. */
export const chromiumRemedy =
  'Chromium is not on PATH. On Debian: apt-get install chromium fonts-lato fonts-noto-cjk fonts-noto-color-emoji';

/** The program of Chromium on PATH; null where there is none. */
export function findChromium(): Promise<string | null> {
  return findOnPath(programs);
}
