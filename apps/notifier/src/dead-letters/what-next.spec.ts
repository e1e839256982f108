import { describe, expect, it } from '@jest/globals';
import { judge } from '@payments/kafka';
import { whatNext } from './what-next.ts';
import type { Refusals } from './what-next.ts';

const next = (code: string, count: number, refusals: Refusals = {}) =>
  whatNext(judge(code), count, { [judge(code).verdict]: 1, ...refusals });

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
      expect([next(code, 1), next(code, 5), next(code, 1, { retry: 1000, 'park-topic': 1000 })]).toEqual([
        'again',
        'again',
        'again',
      ]);
  });

  it('finds out which of several it is, and gives up that one alone', () => {
    expect(next('MESSAGE_TOO_LARGE', 5)).toBe('halves');
    expect(next('MESSAGE_TOO_LARGE', 1)).toBe('refuse');
  });

  it('tries one a few times when nobody knows what is wrong', () => {
    expect(next('SOMETHING_NEW', 5)).toBe('halves');
    expect([1, 2, 3].map((bisect) => next('SOMETHING_NEW', 1, { bisect }))).toEqual([
      'again',
      'again',
      'refuse',
    ]);
  });

  it('tries it as often after a time without Kafka, which says nothing of the message', () => {
    const away = { retry: 1000, 'park-topic': 1000 };
    expect([1, 2, 3].map((bisect) => next('SOMETHING_NEW', 1, { ...away, bisect }))).toEqual([
      'again',
      'again',
      'refuse',
    ]);
  });
});
