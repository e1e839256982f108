import type { Claiming } from '../inbox/open-inbox.ts';
import { onPostgres } from './channel-tools.ts';
import type { ChannelTools } from './channel-tools.ts';
import type { Queue, Waiting } from './queue.ts';

/** How often, in milliseconds, a message that another claimant has is looked at again. */
const takenPollMs = 250;

/** What is ours to post now. `earlierPost`: the unanswered post that held all of it before. */
export type Batch = { waiting: readonly Waiting[]; earlierPost: string | undefined };

type Claimed = { waiting: Waiting; earlierPost: string | undefined };

/**
 * Claims what comes next. What is in the channel already is dropped; what another claimant has waits. `retryMs`: nothing
 * can be claimed before that.
 */
export async function claimNext(
  queue: Queue,
  options: ChannelTools,
): Promise<{ batch: Batch; retryMs: number }> {
  const next = queue.next(performance.now());
  if (next.length === 0) return { batch: together([]), retryMs: untilUnblocked(queue) };
  const ids = next.map(({ event }) => event.id);
  const claims = await onPostgres(() => options.inbox.claim(ids), options.stop, options);
  const mine = next.flatMap((waiting) => sortOut(waiting, claims.get(waiting.event.id), queue));
  return { batch: together(mine), retryMs: 0 };
}

function sortOut(waiting: Waiting, claim: Claiming | undefined, queue: Queue): Claimed[] {
  if (claim?.kind === 'claimed') return [{ waiting, earlierPost: claim.earlierPost }];
  if (claim?.kind === 'told') {
    queue.remove([waiting]);
    waiting.end({ kind: 'repeatDropped' });
  } else {
    waiting.blockedUntilMs = performance.now() + Math.min((claim?.leaseMs ?? 0) + 1, takenPollMs);
  }
  return [];
}

/**
 * What was in one post of which nobody knows whether it came through goes into one post again, and nothing else with it:
 * if it did, the channel shows one message twice, and not parts of it in several.
 */
function together(mine: readonly Claimed[]): Batch {
  const earlierPost = mine.find((one) => one.earlierPost !== undefined)?.earlierPost;
  const same = mine.filter((one) => one.earlierPost === earlierPost);
  return { waiting: same.map(({ waiting }) => waiting), earlierPost };
}

function untilUnblocked(queue: Queue): number {
  const now = performance.now();
  const waits = queue.all().map(({ blockedUntilMs }) => blockedUntilMs - now);
  return Math.max(1, Math.min(...waits.filter((ms) => ms > 0), takenPollMs));
}
