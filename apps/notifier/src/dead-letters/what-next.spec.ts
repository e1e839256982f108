import { describe, expect, it } from '@jest/globals';
import { judge } from '@payments/kafka';
import { whatNext } from './what-next.ts';

const next = (code: string, count: number, failures = 1) => whatNext(judge(code), count, failures);

describe('what is done about dead letters that Kafka did not take', () => {
  it('waits for Kafka as long as it takes, and loses none for what is wrong with the topic', () => {
    const troubles = [
      'KafkaJSConnectionError',
      'NOT_ENOUGH_REPLICAS',
      'SASL_AUTHENTICATION_FAILED',
      'UNKNOWN_TOPIC_OR_PARTITION',
      'TOPIC_AUTHORIZATION_FAILED',
    ];
    for (const code of troubles)
      expect([next(code, 1), next(code, 5), next(code, 1, 1000)]).toEqual(['again', 'again', 'again']);
  });

  it('finds out which of several it is, and gives up that one alone', () => {
    expect(next('MESSAGE_TOO_LARGE', 5)).toBe('halves');
    expect(next('MESSAGE_TOO_LARGE', 1)).toBe('refuse');
  });

  it('tries one a few times when nobody knows what is wrong', () => {
    expect(next('SOMETHING_NEW', 5)).toBe('halves');
    expect([1, 2, 3].map((failures) => next('SOMETHING_NEW', 1, failures))).toEqual([
      'again',
      'again',
      'refuse',
    ]);
  });
});
