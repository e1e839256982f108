import { describe, expect, it } from '@jest/globals';
import { readRetryAfter } from './read-retry-after.ts';

const now = () => Date.parse('2026-03-01T10:00:00Z');

describe('readRetryAfter', () => {
  it.each([
    ['0', 0],
    ['120', 120_000],
    ['Sun, 01 Mar 2026 10:00:30 GMT', 30_000],
    ['Sun, 01 Mar 2026 09:00:00 GMT', 0],
  ])('reads %s as %d ms', (value, ms) => {
    expect(readRetryAfter(value, now)).toBe(ms);
  });

  it.each([[undefined], [''], ['-1'], ['1.5'], ['soon'], ['2026-03-01'], ['Sun, 99 Mar 2026 10:00:00 GMT']])(
    'does not make a time of %j',
    (value) => {
      expect(readRetryAfter(value, now)).toBeUndefined();
    },
  );
});
