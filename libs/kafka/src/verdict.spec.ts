import { describe, expect, it } from '@jest/globals';
import { createRequire } from 'node:module';

import { isOutOfReach, judge } from './verdict.ts';

const require = createRequire(import.meta.url);
const { errorCodes } = require('kafkajs/src/protocol/error.js') as {
  errorCodes: { type: string; retriable: boolean }[];
};
const named = new Set(errorCodes.map(({ type }) => type));

describe('the verdict on an error of Kafka', () => {
  it.each([
    'KafkaJSConnectionError',
    'KafkaJSRequestTimeoutError',
    'SEND_TIMED_OUT',
    'PARTITION_NOT_ANSWERED',
    'LEADER_NOT_AVAILABLE',
    'NOT_LEADER_FOR_PARTITION',
    'NOT_ENOUGH_REPLICAS',
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    'REQUEST_TIMED_OUT',
  ])('%s: the same messages again, for ever', (code) => {
    expect(judge(code)).toEqual({ verdict: 'retry', retriable: true });
  });

  it.each(['KafkaJSSASLAuthenticationError', 'CLUSTER_AUTHORIZATION_FAILED', 'KAFKAJS_NOT_PATCHED'])(
    '%s: no message is to blame, and waiting alone does not mend it',
    (code) => {
      expect(judge(code)).toEqual({ verdict: 'retry', retriable: false });
    },
  );

  it.each(['MESSAGE_TOO_LARGE', 'INVALID_RECORD'])('%s: this message can never be taken', (code) => {
    expect(judge(code)).toEqual({ verdict: 'park-message', retriable: false });
  });

  it.each(['TOPIC_AUTHORIZATION_FAILED', 'INVALID_TOPIC_EXCEPTION'])(
    '%s: nothing of the topic can be taken',
    (code) => {
      expect(judge(code)).toEqual({ verdict: 'park-topic', retriable: false });
    },
  );

  it('an unknown topic concerns that topic, and may appear', () => {
    expect(judge('UNKNOWN_TOPIC_OR_PARTITION')).toEqual({ verdict: 'park-topic', retriable: true });
  });

  it.each(['KafkaJSConnectionError', 'SEND_TIMED_OUT', 'KafkaJSSASLAuthenticationError'])(
    '%s: Kafka is out of reach of this client',
    (code) => expect(isOutOfReach(code)).toBe(true),
  );

  it.each(['NOT_ENOUGH_REPLICAS', 'NOT_LEADER_FOR_PARTITION', 'MESSAGE_TOO_LARGE'])(
    '%s: Kafka was reached, and said so',
    (code) => expect(isOutOfReach(code)).toBe(false),
  );

  it('what nobody knows is looked into', () => {
    expect(judge('TypeError')).toEqual({ verdict: 'bisect', retriable: false });
    expect(judge('toString')).toEqual({ verdict: 'bisect', retriable: false });
  });

  it('knows every error that kafkajs calls retriable and a producer or consumer can get', () => {
    const ofOthers = ['CONCURRENT_TRANSACTIONS', 'ELECTION_NOT_NEEDED'];
    const unknown = errorCodes.filter(({ type, retriable }) => retriable && judge(type).verdict === 'bisect');
    expect(unknown.map(({ type }) => type)).toEqual(ofOthers);
  });

  it('spells the names of the broker as kafkajs does', () => {
    const ours = [
      'NOT_ENOUGH_REPLICAS',
      'NOT_LEADER_FOR_PARTITION',
      'MESSAGE_TOO_LARGE',
      'RECORD_LIST_TOO_LARGE',
    ];
    expect(ours.filter((type) => !named.has(type))).toEqual([]);
  });
});
