import { expect, it } from '@jest/globals';
import { KafkaError } from './kafka-error.ts';
import { patchedPartitioner } from './patched-partitioner.ts';

it('a kafkajs without our patch parks nothing: every send is to be tried again', () => {
  const partitioner = patchedPartitioner({
    groupMessages: () => ({}),
    encodeRequest: () => Buffer.alloc(0),
  })();
  const asUnpatched = () =>
    partitioner({ topic: 't', partitionMetadata: [], message: { key: 'k', value: null } });
  expect(asUnpatched).toThrow(KafkaError);
  expect(asUnpatched).toThrow(expect.objectContaining({ code: 'KAFKAJS_NOT_PATCHED', verdict: 'retry' }));
});
