import { describe, expect, it } from '@jest/globals';
import { cost, quoted, quotedAsCode } from './quoted.ts';

describe("a stranger's text", () => {
  it('is cut where it would cost too much, never within an entity', () => {
    expect(quoted('a&b', { cost: 7 })).toBe('a&amp;b');
    expect(quoted('a&b', { cost: 6 })).toBe('a…');
    expect(quoted('&&&', { cost: 14 })).toBe('&amp;&amp;…');
    expect(quoted('"""', { cost: 5 })).toBe('""…');
  });

  it('is cut to whole characters', () => {
    expect(quoted('💳💳💳', { characters: 2 })).toBe('💳…');
    expect(quoted('💳💳', { characters: 2 })).toBe('💳💳');
    expect(quoted('💳💳💳', { cost: 5 })).toBe('💳💳…');
  });

  it('fits into its room with what stands around it', () => {
    for (const text of ['&'.repeat(50), 'א&"'.repeat(50), '💳'.repeat(50)])
      for (let room = 5; room < 80; room++)
        expect(cost(quotedAsCode(text, { cost: room }))).toBeLessThanOrEqual(room);
  });

  it('is one line without what nobody sees, and a dash where nothing is left', () => {
    expect(quoted('a\u0000\r\nb\u2028c\u200bd')).toBe('a b c d');
    expect(['', ' \n', '\u200b\ufeff', '\u200d', '\u3164'].map((text) => quoted(text))).toEqual([
      ...['–', '–', '–', '–', '–'],
    ]);
  });

  it('cannot turn the writing direction', () => {
    expect(quoted('a\u202eb\u200fc\u2067d\u061ce')).toBe('a b c d e');
  });

  it('stands apart from its neighbours where it is written from right to left', () => {
    expect(quoted('שלום')).toBe('\u2068שלום\u2069');
    expect(quotedAsCode('سلام')).toBe('\u2068`سلام`\u2069');
  });

  it('keeps no half of a character', () => {
    expect(quoted('a\ud83d')).toBe('a\ufffd');
  });

  it('never ends its inline code, and leaves no backtick that could begin one', () => {
    expect([quotedAsCode('a`b'), quoted('a`b')]).toEqual(["`a'b`", "a'b"]);
  });

  it.each(['<!channel>', '<@U1>', '@here', '@Channel', '@everyone'])('does not ping by %s', (name) => {
    expect(quoted(name)).not.toMatch(/<|@(?:here|channel|everyone)/i);
    expect(quotedAsCode(name)).not.toContain('<');
  });

  it('leaves the address of somebody who is called like a channel as it is, but for what nobody sees', () => {
    expect(quotedAsCode('kim@here.example')).toBe('`kim@here.example`');
  });
});
