import { describe, expect, it } from '@jest/globals';
import { KafkaError } from '@payments/kafka';

import { nextStep, triesOfUnknown } from './next-step.ts';
import type { Attempt } from './next-step.ts';

const one: Attempt = { messages: 1, topics: 1, tries: 1, released: false, createTopics: true };
const step = (code: string, attempt: Partial<Attempt> = {}) =>
  nextStep(new KafkaError(code, 'no'), { ...one, ...attempt });

describe('what to do about messages that were refused together', () => {
  it.each([
    'KafkaJSConnectionError',
    'NOT_LEADER_FOR_PARTITION',
    'SEND_TIMED_OUT',
    'CLUSTER_AUTHORIZATION_FAILED',
  ])('%s: all of them again, whatever they are', (code) => {
    expect(step(code)).toBe('retry');
    expect(step(code, { messages: 9, topics: 3, tries: 99, released: true })).toBe('retry');
  });

  it('a message that is too large is looked for by halves, and refused', () => {
    expect(step('MESSAGE_TOO_LARGE', { messages: 2 })).toBe('halve');
    expect(step('MESSAGE_TOO_LARGE')).toBe('refuse-message');
  });

  it('what nobody knows is looked for by halves, and refused after some tries', () => {
    expect(step('TypeError', { messages: 2, tries: 99 })).toBe('halve');
    expect(step('TypeError', { tries: triesOfUnknown - 1 })).toBe('again');
    expect(step('TypeError', { tries: triesOfUnknown })).toBe('refuse-message');
  });

  it('a topic that takes nothing is looked for topic by topic, and refused', () => {
    expect(step('TOPIC_AUTHORIZATION_FAILED', { messages: 9, topics: 2 })).toBe('part-topics');
    expect(step('TOPIC_AUTHORIZATION_FAILED', { messages: 9 })).toBe('refuse-topic');
  });

  it('an unknown topic is refused only where nobody creates it', () => {
    expect(step('UNKNOWN_TOPIC_OR_PARTITION')).toBe('retry');
    expect(step('UNKNOWN_TOPIC_OR_PARTITION', { createTopics: false })).toBe('refuse-topic');
  });

  it('too few replicas may be the topic, or Kafka: what becomes of others tells', () => {
    expect(step('NOT_ENOUGH_REPLICAS', { messages: 9, topics: 2 })).toBe('part-topics');
    expect(step('NOT_ENOUGH_REPLICAS', { messages: 9 })).toBe('suspect-topic');
  });

  it('too few replicas for what is parked already: nobody waits for it', () => {
    expect(step('NOT_ENOUGH_REPLICAS', { released: true })).toBe('refuse-topic');
  });
});
