import { describe, expect, it } from '@jest/globals';
import { readSince } from './read-since.ts';

const now = new Date('2026-03-10T12:00:00Z');

describe('--since', () => {
  it('is a time that has been', () => {
    expect(readSince('2h', now).toISOString()).toBe('2026-03-10T10:00:00.000Z');
    expect(() => readSince('2026-03-10T12:00:01Z', now)).toThrow('still to come');
  });
});
