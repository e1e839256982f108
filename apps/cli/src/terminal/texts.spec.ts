import { describe, expect, it } from '@jest/globals';
import { bytesText, countText, durationText, rangesText, strangersText } from './texts.ts';

describe('texts for people', () => {
  it.each([
    [-5, '0 ms'],
    [12.4, '12 ms'],
    [3240, '3.2 s'],
    [119_999, '120.0 s'],
    [5 * 60_000, '5 min'],
    [26 * 3_600_000, '26 h'],
    [9.5 * 86_400_000, '9 d'],
  ])('say %d ms as %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [14_240_000, '14.2 MB'],
    [260_000_000_000, '260 GB'],
  ])('say %d bytes as %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });

  it('count in the plural but for one', () => {
    expect([countText(0, 'key'), countText(1, 'key'), countText(32_000, 'key')]).toEqual([
      '0 keys',
      '1 key',
      '32,000 keys',
    ]);
  });

  it('have ranges of numbers', () => {
    expect(rangesText([0, 1, 2, 3, 7, 9, 10])).toBe('0-3, 7, 9-10');
    expect(rangesText([])).toBe('');
  });

  it('keep what strangers wrote on one line and away from the terminal', () => {
    expect(strangersText('a\u001b[2Jb\nc\u202ed\u2028e')).toBe('a\\u001b[2Jb\\u000ac\\u202ed\\u2028e');
    expect(strangersText('예약-1 🎉')).toBe('예약-1 🎉');
    expect(strangersText('x'.repeat(300), 10)).toBe('xxxxxxxxx…');
  });
});
