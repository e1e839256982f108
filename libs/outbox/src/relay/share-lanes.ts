/** All lanes of the log. A message's lane is the last four bits of its key's hash. */
export const lanes = Array.from({ length: 16 }, (_, lane) => lane);

/** Who takes part and who owns what, by the process ids of the relays' sessions. */
export interface LaneOwners {
  /** The relays that share the lanes. */
  members: readonly number[];
  /** The owner of each lane that has one. */
  owners: ReadonlyMap<number, number>;
}

/** What a relay does to come to its share. */
export interface LaneMoves {
  take: number[];
  give: number[];
}

/**
 * How a relay comes to its fair share: it gives back what it has too much of, or takes free lanes as far as it has too
 * few. The shares of all members are computed alike by each of them, differ by one lane at most, and add up to 16; the
 * 17th relay has none and stands by. Who is no member owns nothing.
 */
export function shareLanes(me: number, { members, owners }: LaneOwners): LaneMoves {
  const mine = lanes.filter((lane) => owners.get(lane) === me);
  const free = lanes.filter((lane) => !owners.has(lane));
  const share = fairShare(me, members);
  return { take: free.slice(0, Math.max(0, share - mine.length)), give: mine.slice(share) };
}

function fairShare(me: number, members: readonly number[]): number {
  const rank = members.toSorted((one, other) => one - other).indexOf(me);
  if (rank < 0) return 0;
  const remainder = lanes.length % members.length;
  return Math.floor(lanes.length / members.length) + (rank < remainder ? 1 : 0);
}
