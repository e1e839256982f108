import { describe, expect, it } from '@jest/globals';
import { readTime } from './read-time.ts';

const now = new Date('2026-03-10T12:00:00Z');

describe('readTime', () => {
  it.each([
    ['45s', '2026-03-10T11:59:15.000Z'],
    ['30m', '2026-03-10T11:30:00.000Z'],
    ['2h', '2026-03-10T10:00:00.000Z'],
    ['1.5h', '2026-03-10T10:30:00.000Z'],
    ['7d', '2026-03-03T12:00:00.000Z'],
    ['2026-03-09T08:15:00Z', '2026-03-09T08:15:00.000Z'],
    ['2026-03-09T08:15:00.25+09:00', '2026-03-08T23:15:00.250Z'],
    ['2026-03-09T08:15Z', '2026-03-09T08:15:00.000Z'],
    ['2026-03-09', '2026-03-09T00:00:00.000Z'],
  ])('reads %s as %s', (text, time) => {
    expect(readTime('--since', text, now).toISOString()).toBe(time);
  });

  it.each([
    ['yesterday'],
    ['2'],
    ['2 h'],
    ['-2h'],
    ['2w'],
    [''],
    ['2026-02-31'],
    ['2026-03-09T08:15:00'],
    ['2026-03-09T25:00Z'],
    ['9'.repeat(400) + 'd'],
  ])('refuses %p, naming the option and showing what to write', (text) => {
    expect(() => readTime('--since', text, now)).toThrow(
      /^--since is ".*write a time such as 2026-01-31T12:00:00Z.*7d$/,
    );
  });
});
