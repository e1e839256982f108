import { describe, expect, it } from '@jest/globals';
import { slackPage, type PageOptions } from './slack-stand-in-page.ts';

const at = '2026-01-02T03:04:05.678Z';
const reader = { timeZone: 'UTC', now: new Date('2026-01-02T12:00:00Z') };
const page = (text: string, options: PageOptions = {}) =>
  slackPage([{ at, text, blocks: [] }], { ...reader, ...options });
const ofBlocks = (...blocks: ({ type: string } & Record<string, unknown>)[]) =>
  slackPage([{ at, text: 'fallback', blocks }], reader);

describe('the page of the channel', () => {
  it('shows header, section, fields, divider and context, and not the text for where there are no blocks', () => {
    const shown = ofBlocks(
      { type: 'header', text: { type: 'plain_text', text: 'Payment *completed* <3' } },
      { type: 'section', text: { type: 'mrkdwn', text: 'for *two*' } },
      { type: 'divider' },
      { type: 'section', fields: [{ type: 'mrkdwn', text: '*User*\n`예약-1 &lt;3`' }] },
      {
        type: 'context',
        elements: [{ type: 'mrkdwn', text: '<https://traces.example/1?a=1&amp;b=2|trace>' }],
      },
    );
    expect(shown).toContain('<h2>Payment *completed* &#60;3</h2>');
    expect(shown).toContain('<section><div><div class="text">for <b>two</b></div></div></section><hr>');
    expect(shown).toContain('<div class="fields"><div><b>User</b><br><code>예약-1 &#60;3</code></div></div>');
    expect(shown).toContain(
      '<div class="context"><span><a href="https://traces.example/1?a=1&#38;b=2">trace</a></span></div>',
    );
    expect(shown).not.toContain('fallback');
  });

  it('says of a block that it cannot draw that it is there', () => {
    expect(ofBlocks({ type: 'video' })).toContain('[video]');
    const button = { type: 'button', text: { type: 'plain_text', text: 'See <it>' } };
    expect(ofBlocks({ type: 'actions', elements: [button] })).toContain('See &#60;it&#62;');
  });

  it('names its channel, the app and the time of each message', () => {
    const shown = page('x', { channel: 'refunds & <co>' });
    expect(shown).toContain('<h1><span>#</span>refunds &#38; &#60;co&#62;</h1>');
    expect(shown).toContain(
      `<b>Payments</b><span class="badge">APP</span><time datetime="${at}">3:04 AM</time>`,
    );
  });

  it('refreshes itself, unless it is to stand still', () => {
    expect(page('x')).toContain('http-equiv="refresh"');
    expect(page('x', { still: true })).not.toContain('refresh');
  });

  it('never lets a text become markup of the page', () => {
    expect(page('&lt;script&gt;alert(1)&lt;/script&gt;')).toContain(
      '&#60;script&#62;alert(1)&#60;/script&#62;',
    );
    expect(page('<script>alert(1)</script>')).not.toContain('<script>');
    expect(page('<https://x"onclick="alert(1)|here>')).not.toContain('"onclick');
    expect(page('<javascript:alert(1)|here>')).not.toContain('href');
    expect(page('<!date^1^{date}^javascript:alert(1)|here>')).not.toContain('href');
    expect(page('<https://x|&lt;img src=x onerror=alert(1)&gt;>')).not.toContain('<img');
    expect(page('`\ue0000\ue001` <https://x|a>')).toContain('<code>0</code>');
  });

  it('shows a mention that got through as one', () => {
    expect(page('<!channel> paid')).toContain('<mark>@channel</mark> paid');
    expect(page('<@U123|kim>, <#C1|ops>')).toContain('<mark>@kim</mark>, <mark>#ops</mark>');
    expect(page('&lt;!channel&gt; paid')).toContain('&#60;!channel&#62; paid');
  });
});

describe('a text of the page', () => {
  const shownOf = (text: string) => /<div class="text">(.*)<\/div><\/div><\/article>/s.exec(page(text))?.[1];

  it.each([
    ['*bold*, _italic_ and ~struck~', '<b>bold</b>, <i>italic</i> and <s>struck</s>'],
    ['*<https://x|a link>* and `*code*`', '<b><a href="https://x">a link</a></b> and <code>*code*</code>'],
    ['2*3*4, r_1_2, * x *', '2*3*4, r_1_2, * x *'],
    // As in Slack: a word that goes on after the sign keeps it from being one.
    ['*합계*는 *합계* 는', '*합계*는 <b>합계</b> 는'],
    ['```\na < b\n```', '<pre>a &#60; b</pre>'],
    ['&gt; said\n&gt; *twice*\nand done', '<blockquote>said<br><b>twice</b></blockquote>and done'],
    ['👩‍👩‍👧 ✅ :tada:', '👩‍👩‍👧 ✅ :tada:'],
  ])('%j is %j', (text, html) => {
    expect(shownOf(text)).toBe(html);
  });

  it.each([
    ['<!date^1767323045^{date_short_pretty} {time_secs}|x>', 'today 3:04:05 AM', '오늘 오전 3:04:05'],
    ['<!date^1767236645^{date_pretty}|x>', 'yesterday', '어제'],
    ['<!date^1767150245^{date_pretty}|x>', 'December 31, 2025', '2025년 12월 31일'],
    ['<!date^1767323045^{date_num} at {time}|x>', '2026-01-02 at 3:04 AM', '2026-01-02 at 오전 3:04'],
    ['<!date^1767323045^{unheard_of}|x>', '{unheard_of}', '{unheard_of}'],
    ['<!date^nonsense^{date}|2 January &amp; so>', '2 January &#38; so', '2 January &#38; so'],
  ])('%j is %j, and %j in Korean', (text, english, korean) => {
    expect(page(text)).toContain(`<div class="text">${english}</div>`);
    expect(page(text, { lang: 'ko' })).toContain(`<div class="text">${korean}</div>`);
  });
});
