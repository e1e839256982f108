import { expect, it } from '@jest/globals';

import { isoTime } from './iso-time.ts';

it.each([
  '2026-10-05T07:08:09.000Z',
  '2026-10-05T07:08:09.999Z',
  '2026-10-05T07:08:10.001Z',
  '1970-01-01T00:00:00.000Z',
  '1969-12-31T23:59:59.999Z',
  '1969-12-31T23:59:58.020Z',
  '+010000-01-01T00:00:00.042Z',
  '-000001-12-31T23:59:59.007Z',
])('is what toISOString has, within a second and beyond: %s', (text) => {
  expect(isoTime(new Date(text))).toBe(text);
});

it('has no text for a time that is none', () => {
  expect(() => isoTime(new Date(NaN))).toThrow(RangeError);
  expect(isoTime(new Date(0))).toBe('1970-01-01T00:00:00.000Z');
});
