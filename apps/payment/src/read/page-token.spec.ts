import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { readPageToken, writePageToken } from './page-token.ts';

const key = randomBytes(32);
const scope = { list: 'payments', subject: 'u-1', filters: { userId: '사용자', state: 'FAILED' } };
const position = { createdAt: 1_700_000_000_123, id: '3f2b8c1e-5d0a-4b6f-9c7e-1a2b3c4d5e6f' };
const token = writePageToken(key, scope, position);
const read = (text: string, change: Partial<typeof scope> = {}) =>
  readPageToken(key, { ...scope, ...change }, text);
const bytes = Buffer.from(token, 'base64url');

const withBitFlipped = (bit: number) => {
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return changed.toString('base64url');
};

const isRefused = (attempt: () => unknown) => {
  try {
    return `gave ${JSON.stringify(attempt())}`;
  } catch (error) {
    return error;
  }
};
const badPageToken = expect.objectContaining({
  name: 'PaymentError',
  details: expect.objectContaining({
    violations: [expect.objectContaining({ field: 'page_token', reason: 'BAD_PAGE_TOKEN' })],
  }),
});

describe('a page token', () => {
  it('leads back to its position', () => {
    expect(token).toMatch(/^[\w-]{124}$/);
    expect(read(token)).toEqual(position);
  });

  it('leads back to the first and the last position that there can be', () => {
    for (const end of [
      { createdAt: -62_135_596_800_000, id: position.id },
      { createdAt: 253_402_300_799_999, id: String(2n ** 63n - 1n) },
    ]) {
      const made = writePageToken(key, scope, end);
      expect(made).toHaveLength(token.length);
      expect(read(made)).toEqual(end);
    }
  });

  it('is refused with any of its bits flipped', () => {
    for (let bit = 0; bit < bytes.length * 8; bit += 1)
      expect(isRefused(() => read(withBitFlipped(bit)))).toEqual(badPageToken);
  });

  it('is refused with any of its characters another, left out, or doubled', () => {
    for (let at = 0; at < token.length; at += 1) {
      const [before, own, after] = [token.slice(0, at), token.charAt(at), token.slice(at + 1)];
      // Node decodes "+" as it decodes "-", and leaves a space out.
      const others = ['A', 'B', '+', '/', ' ', '=', '', own + own].filter((other) => other !== own);
      for (const other of others) expect(isRefused(() => read(before + other + after))).toEqual(badPageToken);
    }
  });

  it.each([
    ['another caller', { subject: 'u-2' }],
    ['another list', { list: 'history' }],
    ['other filters', { filters: { userId: '사용자', state: 'COMPLETED' } }],
    ['a filter less', { filters: { ...scope.filters, state: undefined as never } }],
  ])('is refused for %s', (_, change) => {
    expect(isRefused(() => read(token, change))).toEqual(badPageToken);
  });

  it('is refused when it was made with another key', () => {
    expect(isRefused(() => readPageToken(randomBytes(32), scope, token))).toEqual(badPageToken);
  });

  it.each([
    'x',
    ' ',
    token + token,
    // As they were before they were sealed.
    Buffer.from(JSON.stringify(['q83vEjRWeJA', 1_700_000_000_123, '17'])).toString('base64url'),
    Buffer.alloc(93).toString('base64url'),
    'A'.repeat(500_000),
  ])('is refused when it is none of ours (%#)', (text) => {
    expect(isRefused(() => read(text))).toEqual(badPageToken);
  });

  it('shows neither its place, nor that another token is of the same place', () => {
    const other = Buffer.from(writePageToken(key, scope, position), 'base64url');
    // All but the version: equal bytes at the same place are chance, one in 256.
    const equal = [...bytes.subarray(1)].filter((byte, index) => byte === other[index + 1]);
    expect(equal.length).toBeLessThan(12);
    expect(bytes.includes(position.id) || bytes.includes(String(position.createdAt))).toBe(false);
  });
});
