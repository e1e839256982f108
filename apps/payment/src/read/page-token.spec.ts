import { describe, expect, it } from '@jest/globals';
import { readPageToken, writePageToken } from './page-token.ts';

const filters = { userId: '사용자' };
const position = { createdAt: 1_700_000_000_123, id: '17' };
const isId = (id: string) => /^\d+$/.test(id);

describe('a page token', () => {
  it('leads back to its position', () => {
    const token = writePageToken(filters, position);
    expect(token).toMatch(/^[\w-]+$/);
    expect(readPageToken({ token, filters, isId })).toEqual(position);
  });

  it('is refused by a list with other filters', () => {
    const token = writePageToken(filters, position);
    expect(readPageToken({ token, filters: { userId: 'u' }, isId })).toBeUndefined();
  });

  it.each([
    'x',
    '{}',
    Buffer.from('null').toString('base64url'),
    Buffer.from('[1,2,3]').toString('base64url'),
    writePageToken(filters, { ...position, id: `1' or '1'='1` }),
    writePageToken(filters, { ...position, createdAt: 9e15 }),
  ])('is refused when it is none of ours: %s', (token) => {
    expect(readPageToken({ token, filters, isId })).toBeUndefined();
  });
});
