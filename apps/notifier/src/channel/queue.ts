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
  /**
   * What the next post holds, none if all of it is blocked. A partition's messages keep their order: behind one that is
   * blocked, or whose id is in the post already, the rest of its partition waits.
   */
  next(nowMs: number): Waiting[];
};

/** Begins empty. */
export function openQueue(options: DigestOptions): Queue {
  let waiting: Waiting[] = [];
  return {
    add: (one) => void waiting.push(one),
    remove: (ones) => {
      const gone = new Set(ones);
      if (gone.size > 0) waiting = waiting.filter((one) => !gone.has(one));
    },
    all: () => waiting,
    next: (nowMs) => {
      const ready = inOrder(waiting, nowMs);
      return ready.length > options.above ? digestOf(ready, options) : ready.slice(0, 1);
    },
  };
}

function inOrder(waiting: readonly Waiting[], nowMs: number): Waiting[] {
  const heldUp = new Set<string>();
  const ids = new Set<string>();
  return waiting.filter(({ message, event, blockedUntilMs }) => {
    const partition = partitionName(message);
    if (heldUp.has(partition)) return false;
    if (blockedUntilMs > nowMs || ids.has(event.id)) {
      heldUp.add(partition);
      return false;
    }
    ids.add(event.id);
    return true;
  });
}

function digestOf(ready: readonly Waiting[], { max, lines }: DigestOptions): Waiting[] {
  const digest: Waiting[] = [];
  let [room, failures] = [max, 0];
  for (const one of ready) {
    room = Math.min(room, one.atMost);
    failures += one.event.outcome === 'FAILED' ? 1 : 0;
    // The first goes in any case.
    if (digest.length > 0 && (digest.length >= room || failures > lines)) break;
    digest.push(one);
  }
  return digest;
}
