import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chromium, type Browser, type Page } from 'playwright-core';
import { findChromium } from './find-chromium.ts';
import { startSlackStandIn, type SlackStandIn } from './slack-stand-in.ts';

const executablePath = await findChromium();
const inChromium = executablePath === null ? it.skip : it;

const markup = `<script>document.title = 'ran'</script><img src=x onerror="document.title = 'ran'"> & "'\``;
const escaped = markup.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text });

describe("the Slack stand-in's page in Chromium", () => {
  let browser: Browser;
  let slack: SlackStandIn;
  let page: Page;
  const asked: string[] = [];

  beforeAll(async () => {
    if (executablePath === null) return;
    browser = await chromium.launch({ executablePath });
    slack = await startSlackStandIn();
    page = await browser.newPage();
    page.on('request', (request) => asked.push(request.url()));
  });
  afterAll(async () => {
    await browser?.close();
    await slack?.[Symbol.asyncDispose]();
  });
  const shown = async (payload: object) => {
    const body = JSON.stringify(payload);
    await fetch(slack.webhook, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    asked.length = 0;
    await page.goto(`${slack.page}?still`);
    return page.locator('article').last();
  };

  inChromium('shows markup and pings as the text that they are, and asks for nothing else', async () => {
    const message = await shown({ text: `${escaped} &lt;!channel&gt; &lt;https://evil.example|x&gt;` });
    const text = message.locator('.text');
    expect(await text.innerText()).toBe(`${markup} <!channel> <https://evil.example|x>`);
    expect(await text.locator('*').count()).toBe(0);
    // Not even where somebody forgot to escape, which real Slack would not mind.
    await shown({ text: markup, blocks: [{ type: 'header', text: { type: 'plain_text', text: markup } }] });
    expect(await page.title()).toBe('# payments');
    expect(asked).toEqual([`${slack.page}?still`]);
  });

  inChromium('runs no script that got into it', async () => {
    await shown({ text: 'x' });
    const content = `document.title = 'ran'`;
    await expect(page.addScriptTag({ content })).rejects.toThrow(/Content.Security.Policy/i);
    expect(await page.title()).toBe('# payments');
  });

  inChromium('lays header, fields and context out as Slack does', async () => {
    const message = await shown({
      text: 'fallback',
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: '✅ 결제 완료 · ₩15,000' } },
        { type: 'section', fields: ['예약', '사용자', '사유'].map((name) => mrkdwn(`*${name}*\nx`)) },
        { type: 'divider' },
        { type: 'context', elements: [mrkdwn('small'), mrkdwn('<https://x.example|trace>')] },
      ],
    });
    const sizeOf = async (selector: string) => {
      const element = `document.querySelector('article:last-of-type ${selector}')`;
      return Number.parseFloat(await page.evaluate<string>(`getComputedStyle(${element}).fontSize`));
    };
    expect(await message.locator('h2').isVisible()).toBe(true);
    expect(await sizeOf('h2')).toBeGreaterThan(await sizeOf('section'));
    expect(await sizeOf('.context')).toBeLessThan(await sizeOf('section'));
    expect(await message.locator('hr, .icon, .badge, time, a').count()).toBe(5);
    const fields = await message.locator('.fields > div').all();
    const [first, second, third] = await Promise.all(fields.map((field) => field.boundingBox()));
    if (!first || !second || !third) throw new Error('a field is not shown');
    expect(second.x).toBeGreaterThanOrEqual(first.x + first.width);
    expect(second.y).toBe(first.y);
    expect([third.x, third.y > first.y]).toEqual([first.x, true]);
    expect(await message.innerText()).not.toContain('fallback');
  });
});
