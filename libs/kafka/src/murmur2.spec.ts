import kafkajs from 'kafkajs';

import { expect, it } from '@jest/globals';

import { murmur2 } from './murmur2.ts';

// Hashes of Kafka's own UtilsTest.
it.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('is what Java has for %s', (key, hash) => {
  expect(murmur2(key)).toBe(hash);
});

const partitionId = { partitionErrorCode: 0, leader: 1, replicas: [1], isr: [1] };
/** So many partitions that nearly all of the hash tells. */
const partitionMetadata = { length: 2 ** 31 - 1, filter: () => [partitionId] } as never;
const ofKafkajs = kafkajs.Partitioners.DefaultPartitioner();

it.each([
  '',
  'k',
  '예약-1',
  '\ud83d',
  '🙂',
  'é'.repeat(300),
  '예'.repeat(341),
  '예'.repeat(342),
  'x'.repeat(5000),
])('is what kafkajs has for %s, as text and as bytes', (key) => {
  const hash = ofKafkajs({ topic: 't', partitionMetadata, message: { key, value: null } });
  expect((murmur2(key) & 0x7fffffff) % (2 ** 31 - 1)).toBe(hash);
  expect(murmur2(Buffer.from(key))).toBe(murmur2(key));
});
