import { stat } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import type { Language } from './orders.ts';

/** A window of the width of a message, with more pixels than points: sharp in a README, and small as a file. */
const width = 640;
const deviceScaleFactor = 1.5;

/** What is in the picture: the whole channel, or its last message alone. */
export type Part = 'channel' | 'last message';

/** Takes a picture of a stand-in's page, as a reader in that language sees it. Returns its size in bytes. */
export async function takePicture(
  browser: Browser,
  { page: url, language, part, file }: { page: string; language: Language; part: Part; file: string },
): Promise<number> {
  const page = await browser.newPage({ viewport: { width, height: 100 }, deviceScaleFactor });
  try {
    await page.goto(`${url}?still&lang=${language}`);
    if (part === 'channel') await page.screenshot({ path: file, fullPage: true });
    else await page.locator('article').last().screenshot({ path: file });
    return (await stat(file)).size;
  } finally {
    await page.close();
  }
}
