import type { EachBatchPayload } from 'kafkajs';

import type { Assignment, TopicPartition } from './assignment.ts';
import { toReadMessage } from './consumed-message.ts';
import type { ConsumedMessage } from './consumed-message.ts';
import type { GroupConsumer } from './group-consumer.ts';

/** What {@link handOn} does with messages, and what it tells. */
export type HandOnOptions = {
  assignment: Assignment;
  next: (message: ConsumedMessage) => void;
  /** A partition is paused when this many of its messages wait to be committed, and resumed at half of it. */
  maxUncommitted: number;
  consumer: Pick<GroupConsumer, 'pause' | 'resume'>;
  /** A message was acked or left. */
  onSettled: () => void;
  isStopping: () => boolean;
};

/**
 * Hands the messages of a fetched batch on, without waiting, until enough of the partition wait for their ack. The rest
 * of the batch is not resolved, so it is fetched again after the pause.
 */
export function handOn(payload: EachBatchPayload, options: HandOnOptions): void {
  const { assignment, next, maxUncommitted, consumer, isStopping } = options;
  const at = { topic: payload.batch.topic, partition: payload.batch.partition };
  const progress = assignment.progressOf(at);
  for (const message of payload.batch.messages) {
    if (isStopping() || !payload.isRunning() || assignment.revoked.aborted) return;
    progress.delivered(BigInt(message.offset));
    payload.resolveOffset(message.offset);
    next({ ...toReadMessage({ ...at, message }), ...settlement(at, BigInt(message.offset), options) });
    if (progress.uncommitted() >= maxUncommitted) return consumer.pause(at);
  }
}

function settlement(at: TopicPartition, offset: bigint, options: HandOnOptions) {
  const { assignment, maxUncommitted, consumer, onSettled } = options;
  const settle = (acked: boolean): void => {
    if (assignment.revoked.aborted) return;
    const progress = assignment.progressOf(at);
    progress.settle(offset, acked);
    if (progress.uncommitted() <= maxUncommitted / 2) consumer.resume(at);
    onSettled();
  };
  return { ack: () => settle(true), leave: () => settle(false), revoked: assignment.revoked };
}
