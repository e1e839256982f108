import { describe, expect, it } from '@jest/globals';
import { anEvent } from '../event/an-event.fixture.ts';
import { decodeEvent } from '../event/decode-event.ts';
import { composeText } from '../text/compose-text.ts';
import { flatText } from './flat-text.ts';

const mrkdwn = (text: string) => ({ type: 'mrkdwn' as const, text });

describe('flatText', () => {
  it('says all that the blocks say, line by line, and escapes what was plain', () => {
    const blocks = [
      { type: 'header' as const, text: { type: 'plain_text' as const, text: 'A & <!channel>' } },
      { type: 'section' as const, text: mrkdwn('one\ntwo &amp; `three`') },
      { type: 'section' as const, fields: [mrkdwn('*Name*\nKim'), mrkdwn('*Why*\nno reason')] },
      { type: 'divider' as const },
      { type: 'context' as const, elements: [mrkdwn('small'), mrkdwn('print')] },
    ];
    expect(flatText({ text: 'short', blocks }).split('\n')).toEqual([
      'A &amp; &lt;!channel&gt;',
      ...['one', 'two &amp; `three`', '*Name*', 'Kim', '*Why*', 'no reason', 'small', 'print'],
    ]);
  });

  it('names nobody whom what takes it might look for: there is no `verbatim` in it, nor code where marks mean nothing', () => {
    const userId = '@here @Channel @everyone';
    const decoded = decodeEvent(anEvent({ payment: { userId, reservationId: userId } }));
    if (decoded.kind !== 'event') throw new Error(decoded.kind);
    const flat = flatText(composeText([decoded.event], { locale: 'en', digestLines: 20 }));
    expect(flat).toContain('`@\u2060here @\u2060Channel @\u2060everyone`');
    expect(flat).not.toMatch(/@(?:here|channel|everyone)/i);
  });

  it('is the text where there are no blocks', () => {
    expect(flatText({ text: 'short', blocks: [] })).toBe('short');
  });

  it('names every payment that a message of several names', () => {
    const events = [1, 2, 3].map((n) => {
      const decoded = decodeEvent(anEvent({ payment: { reservationId: `r-${String(n)}` } }));
      if (decoded.kind !== 'event') throw new Error(decoded.kind);
      return decoded.event;
    });
    const message = composeText(events, { locale: 'en', digestLines: 20 });
    const inBlocks = JSON.stringify(message.blocks);
    const named = events.flatMap(({ id, payment }) => [id, payment.reservationId]);
    const shown = named.filter((name) => inBlocks.includes(name));
    expect(shown.length).toBeGreaterThanOrEqual(3);
    for (const name of shown) expect(flatText(message)).toContain(name);
  });
});
