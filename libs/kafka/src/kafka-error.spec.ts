import { describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';

import { KafkaError } from './kafka-error.ts';

/** The classes that kafkajs throws; its types know only some of them, and not all of their arguments. */
type ErrorClass = new (...details: unknown[]) => Error;
const errors = kafkajs as unknown as Record<string, ErrorClass>;
function thrown(name: string, ...details: unknown[]): Error {
  const Class = errors[name];
  if (!Class) throw new Error(`kafkajs has no ${name}`);
  return new Class(...details);
}
const refusal = (type: string) => Object.assign(new Error(type), { type, retriable: false });

const refused = thrown('KafkaJSConnectionError', 'Connection error: connect ECONNREFUSED 127.0.0.1:1');

describe('an error of Kafka', () => {
  it('is what is innermost in kafkajs’s wrappings', () => {
    const exceeded = thrown('KafkaJSNumberOfRetriesExceeded', refused, { retryCount: 5, retryTime: 300 });
    const wrapped = thrown('KafkaJSNonRetriableError', exceeded, { cause: exceeded });
    expect(KafkaError.from(wrapped)).toMatchObject({
      code: 'KafkaJSConnectionError',
      message: 'Connection error: connect ECONNREFUSED 127.0.0.1:1',
      retriable: true,
      verdict: 'retry',
      cause: wrapped,
    });
  });

  it('has the broker’s own name for it', () => {
    const error = thrown('KafkaJSProtocolError', refusal('MESSAGE_TOO_LARGE'));
    expect(KafkaError.from(error)).toMatchObject({ code: 'MESSAGE_TOO_LARGE', verdict: 'park-message' });
  });

  it('is the first of several, when topics are created', () => {
    const invalid = thrown('KafkaJSCreateTopicError', refusal('INVALID_TOPIC_EXCEPTION'), 'a b');
    const several = thrown('KafkaJSAggregateError', 'Topic creation errors', [invalid]);
    expect(KafkaError.from(several)).toMatchObject({
      code: 'INVALID_TOPIC_EXCEPTION',
      verdict: 'park-topic',
    });
  });

  it('is a lost connection, when Node says so', () => {
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });
    expect(KafkaError.from(reset)).toMatchObject({ code: 'KafkaJSConnectionError', retriable: true });
  });

  it('keeps a mistake of ours apart', () => {
    expect(KafkaError.from(new TypeError('x is not a function'))).toMatchObject({
      code: 'TypeError',
      verdict: 'bisect',
    });
    expect(KafkaError.from('text')).toMatchObject({ code: 'UNKNOWN', message: 'text' });
  });

  it('stays itself', () => {
    const error = new KafkaError('SEND_TIMED_OUT', 'late');
    expect(KafkaError.from(error)).toBe(error);
  });
});
