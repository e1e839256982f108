import { describe, expect, it } from '@jest/globals';

import { kafkajsRequest } from './kafkajs-request.fixture.ts';
import { encodeProduceRequest } from './produce-request.ts';
import type { ProduceRequest } from './produce-request.ts';
import type { SentMessage } from './producer.ts';
import { someMessages } from './some-messages.fixture.ts';

const now = Date.UTC(2027, 1, 3, 4, 5, 6, 789);
/** No more than is asked for, or else a text would be cut off; and not empty, for it is written again. */
const room = (bytes: number) => Buffer.alloc(bytes, 0xa5);

const nothing = () => ({ key: '', value: Buffer.alloc(0) });

const requestOf = (...partitions: SentMessage[][]): ProduceRequest => ({
  apiKey: 0,
  apiVersion: 7,
  correlationId: 4711,
  clientId: '예약-spec',
  acks: -1,
  timeout: 30_000,
  topicData: [
    { topic: 't', partitions: partitions.map((messages, partition) => ({ partition, messages })) },
    { topic: 'another-topic', partitions: [{ partition: 11, messages: someMessages(0) }] },
  ],
});

async function expectSameBytes(...partitions: SentMessage[][]): Promise<void> {
  const request = requestOf(...partitions);
  const encoded = encodeProduceRequest(request, { room, now });
  // Not `toEqual`, which compares megabytes for minutes.
  expect(encoded.equals(await kafkajsRequest(request, now))).toBe(true);
}

describe('a produce request is that of kafkajs to the byte', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed + 1))('for any messages: seed %i', (seed) =>
    expectSameBytes(someMessages(seed), someMessages(seed + 1000)),
  );

  it.each([1 << 13, 1 << 20])('for messages of more than %i bytes', (size) =>
    expectSameBytes([
      {
        topic: 't',
        key: '예'.repeat(size / 4),
        value: Buffer.alloc(size, 7),
        headers: { 약: '€'.repeat(size / 4), ['h'.repeat(size)]: '' },
      },
      { topic: 't', key: null, value: null, headers: [{ key: 'k'.repeat(size), value: Buffer.alloc(size) }] },
    ]),
  );

  it('for more records than two bytes count', () =>
    expectSameBytes(
      Array.from({ length: 9000 }, (_, n) => ({
        topic: 't',
        key: `k${n}`,
        value: Buffer.from('v'),
        headers: {},
      })),
    ));

  it('for messages that consist of lengths alone', () =>
    expectSameBytes(
      Array.from({ length: 1000 }, () => ({ topic: 't', key: null, value: null, headers: [] })),
      [
        {
          topic: 't',
          key: Buffer.alloc(0),
          value: Buffer.alloc(0),
          headers: Array.from({ length: 1000 }, nothing),
        },
      ],
    ));

  it('for a value that is no Buffer, and for a part of a larger one', () => {
    const bytes = new Uint8Array([1, 2, 3, 4, 5]);
    const encoded = (value: Uint8Array) =>
      encodeProduceRequest(requestOf([{ topic: 't', key: 'k', value, headers: {} }]), { room, now });
    expect(encoded(bytes.subarray(1, 4))).toEqual(encoded(Buffer.from([2, 3, 4])));
  });
});
