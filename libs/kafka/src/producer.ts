import { openConnection } from './producer-connection.ts';
import type { ProducerConnection } from './producer-connection.ts';
import { KafkaError } from './kafka-error.ts';
import type { ClientOptions } from './open-client.ts';
import type { RawRecord } from './raw-record.ts';
import { requestBytes } from './request-bytes.ts';

/** A message for Kafka. Its key chooses the partition, as Java's default partitioner does (murmur2). */
export type KafkaMessage = {
  topic: string;
  key: string;
  value: Uint8Array;
  headers: Record<string, string>;
};

/**
 * A message whose every byte is the caller's, such as one that was read. A key chooses the partition as text does; those
 * without one go to one partition in a send, to any.
 */
export type RawKafkaMessage = RawRecord & { topic: string };

/** What a producer sends. */
export type SentMessage = KafkaMessage | RawKafkaMessage;

/** Sends messages, one send at a time. Closes with `await using`. */
export type Producer = AsyncDisposable & {
  /**
   * Sends messages, each partition's in their order. When it resolves, every message is acknowledged by all in-sync
   * replicas. When it rejects, any of them may be in the log all the same: to keep their order, send the same ones
   * again before anything else. It never resolves later.
   * @param signal gives the send up
   * @throws KafkaError
   */
  send(messages: readonly SentMessage[], signal?: AbortSignal): Promise<void>;
  /**
   * Asks a broker for its cluster, to see that it is there. Does nothing while a send is under way, which sees by itself.
   * @throws KafkaError
   */
  check(signal?: AbortSignal): Promise<void>;
};

/**
 * Opens a producer; it connects at the first send, and after a send that was rejected or not answered in time it throws
 * its connections away, so that no late reply, half-sent request or remembered state can touch the next send.
 *
 * No retries and no idempotence of kafkajs's, and one request in flight: both lose messages (README), while the caller,
 * who repeats the same messages, loses none.
 * @param options.sendTimeoutMs how long a send may take, connecting included: 30,000 when not given
 * @param options.maxPartitionBytes how much may go to a partition in one request: 1,000,000 when not given, which is
 *   below the broker's `message.max.bytes`. A send of more becomes several requests. Where a topic
 *   takes less, the bound comes down until it does.
 */
export function openProducer(
  options: ClientOptions & { sendTimeoutMs?: number; maxPartitionBytes?: number },
): Producer {
  const { sendTimeoutMs = 30_000, maxPartitionBytes = 1_000_000 } = options;
  let connection: ProducerConnection | undefined;
  const partitionBytes = requestBytes(maxPartitionBytes);
  let busy = false;

  /** Runs one exchange with Kafka, bounded in time; a failed one ends the connection it ran on. */
  async function exchange(
    run: (on: ProducerConnection) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<void> {
    busy = true;
    const used = (connection ??= openConnection({
      ...options,
      requestTimeoutMs: sendTimeoutMs,
      partitionBytes,
    }));
    try {
      await within(sendTimeoutMs, run(used), signal);
    } catch (error) {
      connection = undefined;
      used.destroy();
      throw KafkaError.from(error);
    } finally {
      busy = false;
    }
  }

  return {
    send: async (messages, signal) => {
      if (busy) throw new KafkaError('SEND_UNDER_WAY', 'a send is under way; wait for it before the next');
      if (messages.length > 0) await exchange((on) => on.send(messages), signal);
    },
    check: async (signal) => {
      if (!busy) await exchange((on) => on.check(), signal);
    },
    [Symbol.asyncDispose]: async () => {
      await connection?.close();
      connection = undefined;
    },
  };
}

/** Waits for `work` for `timeoutMs` at most, or until `signal`. What `work` does after that is nobody's concern. */
async function within(timeoutMs: number, work: Promise<void>, signal?: AbortSignal): Promise<void> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const expired = () =>
    reject(new KafkaError('SEND_TIMED_OUT', `Kafka did not answer within ${timeoutMs} ms`));
  const aborted = () => reject(new KafkaError('ABORTED', 'the send was given up', { cause: signal?.reason }));
  const timer = setTimeout(expired, timeoutMs);
  signal?.addEventListener('abort', aborted);
  if (signal?.aborted) aborted();
  try {
    await Promise.race([work, ended]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', aborted);
    work.catch(() => undefined);
  }
}
