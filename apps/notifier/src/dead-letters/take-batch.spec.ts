import { describe, expect, it } from '@jest/globals';
import { takeBatch } from './take-batch.ts';

const waiting = (...sizes: number[]) =>
  sizes.map((size) => ({
    size,
    record: { topic: 't', key: null, value: Buffer.alloc(size), headers: [] },
  }));
const sizes = (batch: { size: number }[]) => batch.map(({ size }) => size);

describe('what is sent at once', () => {
  it('is all that waits, where it fits, and leaves the queue', () => {
    const queue = waiting(1, 2, 3);
    expect(sizes(takeBatch(queue, { messages: 3, bytes: 6 }))).toEqual([1, 2, 3]);
    expect(queue).toEqual([]);
    expect(takeBatch(queue, { messages: 3, bytes: 6 })).toEqual([]);
  });

  it('is bounded in number and in bytes, headers and keys included, in the order in which it came', () => {
    const queue = waiting(1, 2, 3);
    expect(sizes(takeBatch(queue, { messages: 2, bytes: 6 }))).toEqual([1, 2]);
    expect(sizes(queue)).toEqual([3]);
    expect(sizes(takeBatch(waiting(1, 2, 3), { messages: 3, bytes: 5 }))).toEqual([1, 2]);
    const record = {
      topic: 't',
      key: Buffer.alloc(2),
      value: null,
      headers: [{ key: 'ab', value: Buffer.alloc(3) }],
    };
    expect(takeBatch([{ record }, { record }], { messages: 9, bytes: 13 })).toHaveLength(1);
    expect(takeBatch([{ record }, { record }], { messages: 9, bytes: 14 })).toHaveLength(2);
  });

  it('is one at least, however large it is', () => {
    const queue = waiting(100, 1);
    expect(sizes(takeBatch(queue, { messages: 9, bytes: 10 }))).toEqual([100]);
  });
});
