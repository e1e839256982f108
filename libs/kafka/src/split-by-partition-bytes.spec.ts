import { describe, expect, it } from '@jest/globals';

import { splitByPartitionBytes } from './split-by-partition-bytes.ts';

const message = (key: string, bytes: number) => ({
  topic: 't',
  key,
  value: Buffer.alloc(bytes),
  headers: {},
});
const split = (messages: ReturnType<typeof message>[], maxBytes: number) =>
  splitByPartitionBytes(messages, { maxBytes, partitionOf: ({ key }) => key }).map((send) =>
    send.map(({ key, value }) => `${key}${value.byteLength}`),
  );

describe('a send with much for one partition', () => {
  it('stays whole as long as it fits', () => {
    expect(split([message('a', 100), message('b', 100)], 1000)).toEqual([['a100', 'b100']]);
  });

  it('is split, each partition’s messages in their order', () => {
    const messages = [
      message('a', 501),
      message('a', 502),
      message('b', 503),
      message('a', 504),
      message('b', 505),
    ];
    expect(split(messages, 1200)).toEqual([['a501', 'a502', 'b503', 'b505'], ['a504']]);
  });

  it('lets a message that is too large alone go alone', () => {
    const messages = [message('a', 10), message('a', 5000), message('a', 11)];
    expect(split(messages, 1000)).toEqual([['a10'], ['a5000'], ['a11']]);
  });

  it('does not hold a partition back for another one', () => {
    const messages = [message('a', 900), message('a', 901), message('b', 900)];
    expect(split(messages, 1000)).toEqual([['a900', 'b900'], ['a901']]);
  });

  it('counts headers and characters of several bytes', () => {
    const wide = {
      topic: 't',
      key: '예'.repeat(100),
      value: Buffer.alloc(0),
      headers: { ce_subject: '약'.repeat(100) },
    };
    expect(
      splitByPartitionBytes([wide, wide], { maxBytes: 1000, partitionOf: ({ key }) => key }),
    ).toHaveLength(2);
  });

  it('counts the bytes of raw messages, and nothing for what they lack', () => {
    const raw = { topic: 't', key: null, value: null };
    const bytes = { ...raw, headers: [{ key: 'h', value: Buffer.alloc(600) }] };
    const one = { maxBytes: 1000, partitionOf: () => 'one' };
    expect(splitByPartitionBytes([bytes, bytes], one)).toHaveLength(2);
    const none = { ...raw, headers: [{ key: 'h', value: null }] };
    expect(splitByPartitionBytes([none, none, none], one)).toHaveLength(1);
  });
});
