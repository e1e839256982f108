import { beginAssignment } from './assignment.ts';
import type { ConsumedMessage } from './consumed-message.ts';
import { openGroupConsumer } from './group-consumer.ts';
import type { GroupConsumer } from './group-consumer.ts';
import { handOn } from './hand-on.ts';
import { KafkaError } from './kafka-error.ts';
import type { ConsumerOptions } from './messages.ts';
import { openCommitter } from './offset-committer.ts';

/** A member of a group that hands messages on and commits what was acked. */
export type Reader = {
  run(): Promise<void>;
  /** Messages handed on and not settled. */
  unsettled(): number;
  /** Commits what is acked by now; never rejects. */
  flush(): Promise<void>;
  /** From here on an ack does nothing. */
  revoke(): void;
  leave(timeoutMs: number): Promise<void>;
  destroy(): void;
};

/** Where a reader's messages and troubles go. */
export type ReaderEvents = {
  next(message: ConsumedMessage): void;
  settled(): void;
  failed(error: unknown): void;
  isStopping(): boolean;
};

/**
 * Opens a reader. A new assignment reads on from the committed offsets, so everything that was not acked comes again.
 *
 * kafkajs also joins anew in the middle of a fetch, when a leader moved, while its fetches from other brokers still hand
 * on what they have: then messages would be passed over. Such a reader fails, and the next one begins where the commits
 * end.
 */
export function openReader(options: ConsumerOptions, on: ReaderEvents): Reader {
  const { maxUncommitted = 100, commitIntervalMs = 250, log, onJoined } = options;
  let assignment = beginAssignment();
  let rebalancing = true;

  const consumer: GroupConsumer = openGroupConsumer(options, {
    batch: (payload) => handOn(payload, { ...handing, assignment }),
    rebalancing: () => {
      rebalancing = true;
      void committer.flush();
    },
    joined: (partitions) => {
      if (!rebalancing)
        return on.failed(new KafkaError('GROUP_REJOINED', 'joined the group anew while reading'));
      rebalancing = false;
      assignment.revoke();
      assignment = beginAssignment();
      consumer.resumeAll();
      onJoined?.(partitions);
    },
    crashed: (error) => on.failed(error),
  });
  const committer = openCommitter({
    assignment: () => assignment,
    commit: (offsets) => consumer.commit(offsets),
    intervalMs: commitIntervalMs,
    onError: (error) => log?.(`offsets not committed yet: ${KafkaError.from(error).message}`),
  });
  const handing = {
    maxUncommitted,
    consumer,
    next: (message: ConsumedMessage) => on.next(message),
    isStopping: () => on.isStopping(),
    onSettled: () => {
      committer.touch();
      on.settled();
    },
  };

  return {
    run: () => consumer.run(options.topics),
    unsettled: () => assignment.unsettled(),
    flush: () => committer.flush(),
    revoke: () => {
      committer.stop();
      assignment.revoke();
    },
    leave: (timeoutMs) => consumer.leave(timeoutMs),
    destroy: () => consumer.destroy(),
  };
}
