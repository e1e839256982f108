import type { Subscriber } from 'rxjs';

import type { ConsumedMessage } from './consumed-message.ts';
import { KafkaError } from './kafka-error.ts';
import type { ConsumerOptions } from './messages.ts';
import { openReader } from './open-reader.ts';
import { settledWithin } from './settled-within.ts';

/** How long, in milliseconds, the last commit and the leaving of the group may each take. */
const goodbyeMs = 5000;

/**
 * One subscription's life: it reads into `out` until it fails, is told to stop, or is walked away from by calling the
 * returned function.
 */
export function consume(options: ConsumerOptions, out: Subscriber<ConsumedMessage>): () => void {
  const { drainTimeoutMs = 10_000, signal } = options;
  const drained = Promise.withResolvers<void>();
  let stopping = false;
  let ended = false;

  const reader = openReader(options, {
    next: (message) => out.next(message),
    settled: () => stopping && reader.unsettled() === 0 && drained.resolve(),
    failed: fail,
    isStopping: () => stopping,
  });

  function end(): void {
    ended = true;
    signal?.removeEventListener('abort', stop);
    reader.revoke();
  }

  function fail(error: unknown): void {
    if (ended) return;
    end();
    reader.destroy();
    out.error(KafkaError.from(error));
  }

  async function close(): Promise<void> {
    stopping = true;
    await settledWithin(goodbyeMs, reader.flush());
    if (ended) return;
    end();
    await reader.leave(goodbyeMs);
  }

  async function drain(): Promise<void> {
    stopping = true;
    if (reader.unsettled() > 0) await settledWithin(drainTimeoutMs, drained.promise);
    if (ended) return;
    await close();
    out.complete();
  }
  const stop = (): void => void drain();

  signal?.addEventListener('abort', stop);
  if (signal?.aborted) stop();
  else reader.run().catch(fail);
  return () => {
    if (!ended) void close();
  };
}
