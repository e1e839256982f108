import { expect, it } from '@jest/globals';
import { requestBytes } from './request-bytes.ts';

/** As many requests as messages of this size need, at least one each. */
const messagesOf = (sizes: number[]) => (bytes: number) => {
  let [requests, filled] = [0, Infinity];
  for (const size of sizes) {
    if (filled + size > bytes) [requests, filled] = [requests + 1, 0];
    filled += size;
  }
  return requests;
};

it('comes down by halves until the refused request becomes several, and stays there', () => {
  const bytes = requestBytes(1_000_000);
  bytes.refused(messagesOf(Array.from({ length: 200 }, () => 1_000)));
  expect(bytes.now()).toBe(125_000);
  bytes.refused(messagesOf(Array.from({ length: 125 }, () => 1_000)));
  expect(bytes.now()).toBe(62_500);
});

it('goes back to the beginning where one message is too large, however small it is', () => {
  const bytes = requestBytes(1_000_000);
  bytes.refused(messagesOf([5_000, 900_000]));
  expect(bytes.now()).toBe(500_000);
  bytes.refused(messagesOf([5_000]));
  expect(bytes.now()).toBe(1_000_000);
});
