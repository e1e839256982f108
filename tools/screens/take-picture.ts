import { stat } from 'node:fs/promises';
import { execa } from 'execa';
import type { Browser } from 'playwright-core';
import type { Language } from './orders.ts';

/** A window of the width of a message, with two pixels for a point: sharp in a README. */
const width = 760;
const deviceScaleFactor = 2;

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
  } finally {
    await page.close();
  }
  await makeSmaller(file);
  return (await stat(file)).size;
}

/** A picture of text needs no more than 256 colours: a third of the size. Without pngquant it stays as it is. */
async function makeSmaller(file: string): Promise<void> {
  const { code, failed } = await execa('pngquant', ['--force', '--strip', '--output', file, file], {
    reject: false,
  });
  if (failed && code !== 'ENOENT') throw new Error(`pngquant failed with ${file}`);
}
