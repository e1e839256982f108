import { expect, it } from '@jest/globals';

import { crc32c } from './crc32c.ts';

// The examples of RFC 3720, appendix B.4, and the check value of the catalogue of CRCs.
it.each([
  ['nothing', Buffer.alloc(0), 0],
  ['123456789', Buffer.from('123456789'), 0xe3069283],
  ['32 bytes of zeroes', Buffer.alloc(32), 0x8a9136aa],
  ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['32 bytes that rise', Buffer.from(Array.from({ length: 32 }, (_, n) => n)), 0x46dd794e],
  ['32 bytes that fall', Buffer.from(Array.from({ length: 32 }, (_, n) => 31 - n)), 0x113fdb5c],
])('is the published one for %s', (_, bytes, sum) => {
  expect(crc32c(bytes)).toBe(sum);
});

it('is the same wherever the bytes lie', () => {
  const all = Buffer.from(`..${'123456789'}..`);
  expect(crc32c(all.subarray(2, 11))).toBe(0xe3069283);
});
