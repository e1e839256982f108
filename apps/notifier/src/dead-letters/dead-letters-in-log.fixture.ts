import type { Log } from '@payments/runtime';
import type { DeadLetters } from './open-dead-letters.ts';

/** For specs without Kafka: what is set aside is in the log, and nowhere else. */
export function deadLettersInLog(log: Pick<Log, 'error'>): DeadLetters {
  return {
    put({ topic, partition, offset }, reason) {
      log.error({ topic, partition, offset, reason }, 'a message that can never be told is set aside');
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
