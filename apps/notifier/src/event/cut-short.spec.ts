import { describe, expect, it } from '@jest/globals';
import { cutShort } from './cut-short.ts';

describe('cutShort', () => {
  it('leaves a text of up to 200 characters as it is', () => {
    expect([cutShort(''), cutShort('예약-1'), cutShort('x'.repeat(200))]).toEqual([
      '',
      '예약-1',
      'x'.repeat(200),
    ]);
  });

  it('shows by a mark that something was cut off', () => {
    expect(cutShort('x'.repeat(201))).toBe(`${'x'.repeat(199)}…`);
  });

  it('leaves no half of a character behind', () => {
    expect(cutShort('💳'.repeat(150)).isWellFormed()).toBe(true);
  });
});
