import type { EarlierPost } from '../inbox/open-inbox.ts';
import type { DigestOptions, Waiting } from './queue.ts';

/** A message that is ours to tell. `earlierPost`: the unanswered post that held it before. */
export type Claimed = { waiting: Waiting; earlierPost: EarlierPost | undefined };

/** What goes into one post. `earlierPost`: the unanswered post that held all of it before, with `missing` more. */
export type Batch = {
  waiting: readonly Waiting[];
  earlierPost: EarlierPost | undefined;
  missing: number;
};

/**
 * Makes up the next post of what is ours, in its order. Pure.
 *
 * What was in one post of which nobody knows whether it came through goes into one post again, and nothing else with it:
 * if it did, the channel shows one message twice, and not parts of it in several.
 */
export function makeUpPost(claimed: readonly Claimed[], options: DigestOptions): Batch {
  const earlierPost = claimed.find((one) => one.earlierPost !== undefined)?.earlierPost;
  const same = claimed.filter((one) => one.earlierPost?.id === earlierPost?.id);
  const waiting = same.map((one) => one.waiting);
  if (earlierPost) {
    const missing = earlierPost.size - waiting.length;
    return { waiting: upTo(waiting, { max: Infinity, lines: Infinity }), earlierPost, missing };
  }
  const fresh = waiting.length > options.above ? upTo(waiting, options) : waiting.slice(0, 1);
  return { waiting: fresh, earlierPost, missing: 0 };
}

function upTo(waiting: readonly Waiting[], { max, lines }: Omit<DigestOptions, 'above'>): Waiting[] {
  const digest: Waiting[] = [];
  let [room, failures] = [max, 0];
  for (const one of waiting) {
    room = Math.min(room, one.atMost);
    failures += one.event.outcome === 'FAILED' ? 1 : 0;
    // The first goes in any case.
    if (digest.length > 0 && (digest.length >= room || failures > lines)) break;
    digest.push(one);
  }
  return digest;
}
