import { seededRandom } from '@payments/testing';

import type { SentMessage } from './producer.ts';

/** Characters of one to four bytes of UTF-8, and a half of one, which has none. */
const characters = ['a', 'Z', '-', '\0', 'é', '\u07ff', '예', '약', '€', '🙂', '\ud83d'];
/** Around each length at which a varint takes a byte more. */
const lengths = [0, 1, 7, 20, 21, 22, 31, 32, 36, 62, 63, 64, 65, 127, 128];
const longer = [2730, 2731, 8190, 8191, 8192];

/** Messages of every kind that Kafka takes, from one to twenty, the same for the same seed. */
export function someMessages(seed: number): SentMessage[] {
  const random = seededRandom(seed);
  const below = (most: number) => Math.floor(random() * most);
  const oneOf = <T>(all: readonly T[]): T => all[below(all.length)]!;
  const list = <T>(count: number, one: () => T): T[] => Array.from({ length: count }, one);
  const length = () => oneOf(below(40) ? lengths : longer);
  const text = () => {
    const alphabet = below(2) ? characters : [oneOf(characters)];
    return list(length(), () => oneOf(alphabet)).join('');
  };
  const bytes = () => Buffer.alloc(length(), below(256));
  const perhaps = <T>(one: () => T): T | null => (below(4) ? one() : null);
  const name = () => (below(3) ? oneOf(['ce_id', 'a', '', '9', '10', '__proto__', 'constructor']) : text());
  const headers = () => list(oneOf([0, 1, 3, 8, 8, 63, 64, 70]), name);
  const raw = () => ({
    topic: 't',
    key: perhaps(bytes),
    value: perhaps(bytes),
    headers: headers().map((key) => ({ key, value: perhaps(bytes) })),
  });
  const textual = () => ({
    topic: 't',
    key: text(),
    value: bytes(),
    headers: Object.fromEntries(headers().map((key) => [key, below(8) ? oneOf(['1.0', 'x', '']) : text()])),
  });
  return list(oneOf([1, 2, 5, 20]), () => (below(2) ? raw() : textual()));
}
