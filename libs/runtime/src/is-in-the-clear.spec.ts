import { describe, expect, it } from '@jest/globals';
import { isInTheClear } from './is-in-the-clear.ts';

describe('isInTheClear', () => {
  it.each(['https://h.example/x', 'http://127.0.0.1:9104/x', 'http://[::1]/x', 'http://localhost/x'])(
    'is not said of %s',
    (address) => {
      expect(isInTheClear(address)).toBe(false);
    },
  );

  it.each([
    'http://h.example/x',
    'http://127.0.0.1.h.example',
    'http://10.0.0.1',
    'http://localhost.h.example',
  ])('is said of %s', (address) => {
    expect(isInTheClear(address)).toBe(true);
  });
});
