import type { ConsumedMessage } from '@payments/kafka';
import type { Log } from '@payments/runtime';

/** Where messages go that can never be told. */
export type DeadLetters = AsyncDisposable & {
  /** Resolves when the message is there; rejects with the reason of the stop before that. */
  put(message: ConsumedMessage, reason: string): Promise<void>;
};

/** Opens it. */
export function openDeadLetters({ log }: { log: Pick<Log, 'error'> }): DeadLetters {
  return {
    put({ topic, partition, offset }, reason) {
      log.error({ topic, partition, offset, reason }, 'a message that can never be told is set aside');
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
