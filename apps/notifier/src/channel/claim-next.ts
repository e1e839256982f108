import type { Claiming } from '../inbox/open-inbox.ts';
import type { ChannelTools } from './channel-tools.ts';
import { onPostgres } from './on-postgres.ts';
import { makeUpPost } from './make-up-post.ts';
import type { Batch, Claimed } from './make-up-post.ts';
import { inOrder } from './queue.ts';
import type { DigestOptions, Queue, Waiting } from './queue.ts';

/** How often, in milliseconds, a message that another claimant has is looked at again. */
const takenPollMs = 250;

/**
 * How long, in milliseconds, the rest of an unanswered post is waited for: Kafka delivers its partitions one after the
 * other. In vain, where the rest was delivered to another notifier.
 */
const restPatienceMs = 3000;

/** What is to be posted now, or after how many milliseconds to ask again. Nothing and 0: the queue has changed. */
export type Next = { batch: Batch | undefined; retryMs: number };

/**
 * Makes the function that claims what comes next in the queue. What is in the channel already is dropped; what another
 * claimant has waits.
 */
export function claimNext(
  queue: Queue,
  options: ChannelTools & { digest: DigestOptions },
): () => Promise<Next> {
  let awaited = { post: '', untilMs: 0 };

  /**
   * How long to wait for what is missing of an unanswered post. That patience is had once for each post: when Slack refuses
   * it, it is told again part by part, and each part lacks the others for good.
   */
  function untilComplete({ earlierPost, missing }: Batch): number {
    if (!earlierPost) return 0;
    const now = performance.now();
    if (missing <= 0) awaited = { post: earlierPost.id, untilMs: now };
    if (awaited.post !== earlierPost.id) awaited = { post: earlierPost.id, untilMs: now + restPatienceMs };
    return Math.max(0, Math.min(awaited.untilMs - now, takenPollMs));
  }

  return async () => {
    const next = queue.next(performance.now());
    if (next.length === 0) return { batch: undefined, retryMs: untilUnblocked(queue) };
    const ids = next.map(({ event }) => event.id);
    const claims = await onPostgres(() => options.inbox.claim(ids), options.stop, options);
    const claimed = sortOut(next, claims, queue);
    if (claimed.length === 0) return { batch: undefined, retryMs: 0 };
    const batch = makeUpPost(claimed, options.digest);
    return { batch, retryMs: untilComplete(batch) };
  };
}

/** Ends what is told, blocks what is taken, returns what is ours. */
function sortOut(next: readonly Waiting[], claims: ReadonlyMap<string, Claiming>, queue: Queue): Claimed[] {
  const claimOf = ({ event }: Waiting): Claiming => claims.get(event.id) ?? { kind: 'taken', leaseMs: 0 };
  const told = next.filter((one) => claimOf(one).kind === 'told');
  const others = next.filter((one) => claimOf(one).kind !== 'told');
  queue.remove(told);
  for (const { end } of told) end({ kind: 'repeatDropped' });
  const now = performance.now();
  for (const one of others) {
    const claim = claimOf(one);
    if (claim.kind === 'taken') one.blockedUntilMs = now + Math.min(claim.leaseMs + 1, takenPollMs);
  }
  const mine = inOrder(others, (one) => claimOf(one).kind === 'claimed');
  return mine.flatMap((waiting) => {
    const claim = claimOf(waiting);
    return claim.kind === 'claimed' ? [{ waiting, earlierPost: claim.earlierPost }] : [];
  });
}

function untilUnblocked(queue: Queue): number {
  const now = performance.now();
  const waits = queue.all().map(({ blockedUntilMs }) => blockedUntilMs - now);
  return Math.max(1, Math.min(...waits.filter((ms) => ms > 0), takenPollMs));
}
