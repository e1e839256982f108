import type { Checkpoint, Positions } from '../relay/position.ts';

/**
 * The checkpoints of lanes in which nothing was published for a while: `done` has moved on in memory with each round that found
 * nothing, the newest checkpoint has not, and a slot is let go only by checkpoints. `written` has the `done` of each lane's newest
 * checkpoint; `positions` are those behind the last batch that was acknowledged.
 *
 * Such a row says `pos` 0, which means "between two windows", and names no message:
 * - It loses none: everything visible in `done` is published and acknowledged, as for any `done`; a lane that is inside of a
 *   window is left out.
 * - message_status is right as before: no seq is reached by it, so a message's time stays that of the first checkpoint of its
 *   window; and what is visible in `done` is published.
 *
 * A lane whose oldest open transaction is the same as in its newest checkpoint would let go no more than before.
 */
export function idleCheckpoints(positions: Positions, written: ReadonlyMap<number, string>): Checkpoint[] {
  return positions.flatMap(({ lane, done, window, floor }) => {
    const before = written.get(lane);
    if (window !== null || (before !== undefined && xmin(done) <= xmin(before))) return [];
    return [{ lane, done, window: done, pos: 0n, count: 0, floor, nextFloor: floor, ceiling: null }];
  });
}

/** The oldest transaction that was open when a snapshot was taken: `xmin:xmax:xip,…`. */
const xmin = (snapshot: string): bigint => BigInt(snapshot.slice(0, snapshot.indexOf(':')));
