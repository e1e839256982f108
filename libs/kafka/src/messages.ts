import { Observable } from 'rxjs';

import type { ConsumedMessage } from './consumed-message.ts';
import { consume } from './consume.ts';
import type { TopicPartition } from './assignment.ts';
import type { ClientOptions } from './open-client.ts';

/** What {@link messages$} reads, and how. Times are in milliseconds. */
export type ConsumerOptions = ClientOptions & {
  groupId: string;
  topics: readonly string[];
  /** Aborted: no more messages; those handed on may still be settled, then the group is left and the stream completes. */
  signal?: AbortSignal;
  /** The group gave this consumer its partitions: messages flow. Called again after each rebalance. */
  onJoined?: (partitions: readonly TopicPartition[]) => void;
  /** How many messages of a partition may wait for their ack before it is paused; 100 when not given. */
  maxUncommitted?: number;
  /** How long a silent consumer keeps its partitions; 10,000 when not given. Heartbeats go every third of it. */
  sessionTimeoutMs?: number;
  /** Offsets are committed at most this often; 250 when not given. */
  commitIntervalMs?: number;
  /** After `signal`, how long messages handed on are waited for; 10,000 when not given. */
  drainTimeoutMs?: number;
};

/**
 * The messages of some topics, as one of a group, from the beginning of what the group has not committed. Each message
 * is delivered at least once, each partition's in order; call `ack()` when it is dealt with. Nothing waits inside: a
 * subscriber that is slow to acknowledge has partitions paused, and stays a member of its group however long it takes.
 *
 * Any trouble that the group does not get over by itself ends the stream with a KafkaError; a new subscription is a new
 * member of the group. So put `retry({ delay })` right behind it, for errors that are `retriable`, and the steps that
 * handle the messages after that: they then live on, and see the messages they had not acknowledged a second time.
 *
 * `signal` is for an orderly end: see {@link ConsumerOptions}. To unsubscribe is to walk away.
 */
export function messages$(options: ConsumerOptions): Observable<ConsumedMessage> {
  return new Observable((subscriber) => consume(options, subscriber));
}
