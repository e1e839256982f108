import { describe, expect, it } from '@jest/globals';
import { languages, locales } from './languages.ts';
import type { Words } from './words.ts';

describe.each(locales)('the words of %s', (locale) => {
  const words: Words = languages[locale];

  it('say why a payment failed in 20 characters, for a line of a digest has no room for more', () => {
    const shorts = Object.values(words.reasons).map(({ short }) => short);
    expect(shorts.filter((short) => short.length > 20)).toEqual([]);
  });

  it('have a tag by which amounts are written', () => {
    expect(Intl.NumberFormat.supportedLocalesOf(words.tag)).toEqual([words.tag]);
  });
});
