import { describe, expect, it } from '@jest/globals';

import { noteSentPartitions } from './sent-partitions.ts';

const appended = (partition: number) => ({ topicName: 't', partition, errorCode: 0, baseOffset: '0' });
const partitionMetadata = Array.from({ length: 12 }, (_, partitionId) => ({
  partitionId,
  partitionErrorCode: 0,
  leader: 1,
  replicas: [1],
  isr: [1],
}));

/** Notes of a send of these keys to topic `t`, which has twelve partitions. */
function sent(...keys: string[]) {
  const notes = noteSentPartitions();
  const choose = notes.createPartitioner();
  notes.beginRequest();
  const partitions = keys.map((key) =>
    choose({ topic: 't', partitionMetadata, message: { key, value: null } }),
  );
  return { notes, partitions: [...new Set(partitions)] };
}

describe('the partitions of a send', () => {
  it('are chosen as Java does', () => {
    // Hashes of Kafka's own UtilsTest: murmur2 of "foobar" is -790332482, of "abc" 479470107, of "21" -973932308.
    expect(sent('foobar', 'abc', '21').partitions).toEqual([6, 3, 0]);
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
    const notes = noteSentPartitions();
    const choose = notes.createPartitioner();
    const chosen = () => choose({ topic: 't', partitionMetadata, message: { key: null, value: null } });
    chosen();
    const sends = Array.from({ length: 12 }, () => {
      notes.beginSend();
      const beforehand = notes.partitionOf({ topic: 't', key: null });
      expect([chosen(), chosen()].map((partition) => `t/${partition}`)).toEqual([beforehand, beforehand]);
      return beforehand;
    });
    expect(new Set(sends).size).toBe(12);
  });
});
