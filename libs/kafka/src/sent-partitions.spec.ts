import { describe, expect, it } from '@jest/globals';

import type { KafkaMessage, RawKafkaMessage, SentMessage } from './producer.ts';
import { noteSentPartitions } from './sent-partitions.ts';
import type { SentPartitions } from './sent-partitions.ts';

const appended = (partition: number) => ({ topicName: 't', partition, errorCode: 0, baseOffset: '0' });
const partitionMetadata = Array.from({ length: 12 }, (_, partitionId) => ({
  partitionId,
  partitionErrorCode: 0,
  leader: 1,
  replicas: [1],
  isr: [1],
}));

const message = (key: string | Buffer | null): RawKafkaMessage | KafkaMessage =>
  typeof key === 'string'
    ? { topic: 't', key, value: Buffer.from(key), headers: {} }
    : { topic: 't', key, value: null, headers: [] };

/** Notes of a send of these keys to topic `t`, which has twelve partitions, and the keys of each. */
function sent(...keys: (string | Buffer | null)[]) {
  const notes = noteSentPartitions();
  notes.beginRequest();
  const grouped = group(notes, ...keys);
  return { notes, partitions: Object.keys(grouped).map(Number), grouped };
}

function group(notes: SentPartitions, ...keys: (string | Buffer | null)[]) {
  const groups = notes.groupMessages({ topic: 't', partitionMetadata, messages: keys.map(message) });
  const keysOf = (messages: readonly SentMessage[]) => messages.map(({ key }) => key);
  return Object.fromEntries(Object.entries(groups).map(([partition, of]) => [partition, keysOf(of)]));
}

describe('the partitions of a send', () => {
  it('are chosen as Java does', () => {
    // Hashes of Kafka's own UtilsTest: murmur2 of "foobar" is -790332482, of "abc" 479470107, of "21" -973932308.
    expect(sent('foobar', 'abc', '21').grouped).toEqual({ 0: ['21'], 3: ['abc'], 6: ['foobar'] });
  });

  it('have their messages in order', () => {
    const keys = ['foobar', 'abc', 'abc', '21', 'foobar', 'abc'];
    expect(sent(...keys).grouped).toEqual({ 0: ['21'], 3: ['abc', 'abc', 'abc'], 6: ['foobar', 'foobar'] });
  });

  it('must all be acknowledged', () => {
    const { notes, partitions } = sent('r-1', 'r-2', 'r-3', 'r-4', 'r-5', 'r-6');
    const [first = 0, ...others] = partitions;
    expect(() => notes.verify(partitions.map(appended))).not.toThrow();
    expect(() => notes.verify(others.map(appended))).toThrow(`Kafka did not acknowledge t/${first}`);
  });

  it('are not acknowledged by an answer without an offset', () => {
    const { notes, partitions } = sent('r-1');
    expect(() => notes.verify(partitions.map((one) => ({ ...appended(one), baseOffset: '-1' })))).toThrow(
      expect.objectContaining({ code: 'PARTITION_NOT_ANSWERED', retriable: true }),
    );
  });

  it('are forgotten when the next send begins', () => {
    const { notes } = sent('r-1');
    notes.beginRequest();
    expect(() => notes.verify([])).not.toThrow();
  });

  it('are known beforehand once the topic is', () => {
    const { notes, partitions } = sent('r-1');
    expect(notes.partitionOf({ topic: 't', key: 'r-1' })).toBe(`t/${partitions[0]}`);
    expect(notes.partitionOf({ topic: 'other', key: 'r-1' })).toBe('other');
  });

  it('are those of a key’s bytes, in text or not', () => {
    const { notes } = sent('예약-1');
    const ofText = notes.partitionOf({ topic: 't', key: '예약-1' });
    expect(notes.partitionOf({ topic: 't', key: Buffer.from('예약-1') })).toBe(ofText);
  });

  it('are one, known beforehand, for all messages of a send that have no key', () => {
    const { notes } = sent(null);
    const sends = Array.from({ length: 12 }, () => {
      notes.beginSend();
      const beforehand = notes.partitionOf({ topic: 't', key: null });
      const grouped = group(notes, null, 'abc', null);
      delete grouped[3];
      expect(Object.keys(grouped).map((partition) => `t/${partition}`)).toEqual(
        beforehand === 't/3' ? [] : [beforehand],
      );
      return beforehand;
    });
    expect(new Set(sends).size).toBe(12);
  });

  it('are those of the topic as it is now', () => {
    const { notes } = sent('foobar');
    const more = partitionMetadata.concat(partitionMetadata.slice(0, 6));
    notes.groupMessages({ topic: 't', partitionMetadata: more, messages: [message('abc')] });
    expect(notes.partitionOf({ topic: 't', key: 'foobar' })).toBe('t/0');
  });
});
