import type { Context } from '@opentelemetry/api';
import { partitionName } from '@payments/kafka';
import type { ConsumedMessage } from '@payments/kafka';
import type { PaymentEvent } from '../event/decode-event.ts';

/** How a message's telling ended in a channel. `left`: whoever is given it next tells it. */
export type ChannelEnd =
  { kind: 'told' } | { kind: 'repeatDropped' } | { kind: 'left' } | { kind: 'refused'; reason: string };

/** A message that waits for its turn in a channel. */
export type Waiting = {
  message: ConsumedMessage;
  event: PaymentEvent;
  /** Of its message: what is done about it alone is done in it. */
  context: Context;
  end: (how: ChannelEnd) => void;
  failed: (error: unknown) => void;
  /** It goes with no more than so many into a post: what Slack refused is taken apart until it is known what it was. */
  atMost: number;
  /** Another claimant has it: it is not asked for again until then, by `performance.now()`. */
  blockedUntilMs: number;
  /** The last post that held it and that nobody answered, as far as this process knows. */
  unanswered: string | undefined;
};

/** How many go into one post. */
export type DigestOptions = {
  /** So many or fewer are told one by one. */
  above: number;
  /** The most messages of one digest. */
  max: number;
  /** The most failures of one digest: each has a line of its own. */
  lines: number;
};

/** What waits in a channel, in the order in which it came. */
export type Queue = {
  add(waiting: Waiting): void;
  remove(ones: readonly Waiting[]): void;
  all(): readonly Waiting[];
  /** What is worth claiming for the next post, each id once; none if all of it is blocked. */
  next(nowMs: number): Waiting[];
};

/** Begins empty. */
export function openQueue({ above, max }: Pick<DigestOptions, 'above' | 'max'>): Queue {
  let waiting: Waiting[] = [];
  return {
    add: (one) => void waiting.push(one),
    remove: (ones) => {
      const gone = new Set(ones);
      if (gone.size > 0) waiting = waiting.filter((one) => !gone.has(one));
    },
    all: () => waiting,
    next: (nowMs) => {
      const ids = new Set<string>();
      const isReady = ({ event, blockedUntilMs }: Waiting) => {
        if (blockedUntilMs > nowMs || ids.has(event.id)) return false;
        ids.add(event.id);
        return true;
      };
      // One more than are told one by one shows that it is time for a digest.
      return inOrder(waiting, isReady).slice(0, Math.max(max, above + 1));
    },
  };
}

/** Those that `may` go, and none behind one of its partition that may not: a partition's messages keep their order. */
export function inOrder(waiting: readonly Waiting[], may: (one: Waiting) => boolean): Waiting[] {
  const heldUp = new Set<string>();
  return waiting.filter((one) => {
    const partition = partitionName(one.message);
    if (!heldUp.has(partition) && may(one)) return true;
    heldUp.add(partition);
    return false;
  });
}
