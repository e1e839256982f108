import { describe, expect, it } from '@jest/globals';
import { durationText } from './duration-text.ts';

describe('durationText', () => {
  it.each([
    [0, '0 µs'],
    [640, '640 µs'],
    [999, '999 µs'],
    [1000, '1 ms'],
    [4236, '4.24 ms'],
    [812_345, '812 ms'],
    [999_499, '999 ms'],
    [999_500, '1 s'],
    [1_250_000, '1.25 s'],
    [61_234_000, '61.2 s'],
  ])('writes %i µs as %s', (us, text) => {
    expect(durationText(us)).toBe(text);
  });
});
