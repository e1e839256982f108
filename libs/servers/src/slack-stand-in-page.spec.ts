import { describe, expect, it } from '@jest/globals';
import { slackPage } from './slack-stand-in-page.ts';

const page = (text: string) => slackPage([{ at: '2026-01-02T03:04:05.678Z', text, blocks: [] }]);

describe('the page of the channel', () => {
  it('shows header, fields and context', () => {
    const shown = slackPage([
      {
        at: '2026-01-02T03:04:05.678Z',
        text: 'fallback',
        blocks: [
          { type: 'header', text: { type: 'plain_text', text: 'Payment completed' } },
          { type: 'section', fields: [{ type: 'mrkdwn', text: '*User*\n`예약-1 &lt;3`' }] },
          { type: 'context', elements: [{ type: 'mrkdwn', text: '<https://traces.example/1|trace>' }] },
        ],
      },
    ]);
    expect(shown).toContain('<h2>Payment completed</h2>');
    expect(shown).toContain('<p><b>User</b><br><code>예약-1 &#60;3</code></p>');
    expect(shown).toContain('<a href="https://traces.example/1">trace</a>');
    expect(shown).not.toContain('fallback');
  });

  it('never lets a text become markup of the page', () => {
    expect(page('&lt;script&gt;alert(1)&lt;/script&gt;')).toContain(
      '&#60;script&#62;alert(1)&#60;/script&#62;',
    );
    expect(page('<script>alert(1)</script>')).not.toContain('<script>');
    expect(page('<https://x"onclick="alert(1)|here>')).not.toContain('"onclick');
    expect(page('<javascript:alert(1)|here>')).not.toContain('href');
  });

  it('shows a mention that got through as one, and a date by its fallback', () => {
    expect(page('<!channel> paid')).toContain('<mark>@channel</mark> paid');
    expect(page('<!date^1767323045^{date_pretty}|2 January>')).toContain('2 January');
  });
});
