/**
 * Where a lane stands. `done`: a snapshot of which everything visible is published. `window`: a newer snapshot being
 * worked through, null between two windows. `pos`: the last seq published in the window, 0 before the first.
 * Snapshots are PostgreSQL's `pg_snapshot` as text, `xmin:xmax:xip,…`.
 */
export interface LanePosition {
  lane: number;
  done: string;
  window: string | null;
  pos: bigint;
  /**
   * Set while a window is worked through that is too large to be sorted for every batch: the lowest seq that the
   * transactions since `done` have in it. Read by the index on (lane::integer, seq) from there.
   */
  scanFrom: bigint | null;
}

/** Where to read next, in the order in which the lanes take turns. */
export type Positions = readonly LanePosition[];

/** What a checkpoint row of a lane says. */
export interface Checkpoint {
  lane: number;
  done: string;
  window: string;
  pos: bigint;
  /** Messages published since the lane's checkpoint before this one. */
  count: number;
}

/** What one read brought: how far it came, in which snapshot new windows were opened, and whether a limit cut it off. */
export interface ReadOutcome {
  /** The snapshot of the statement; the window of every lane that had none. */
  snapshot: string;
  /** The last seq read in each lane, with the number of messages; lanes without messages are absent. */
  read: ReadonlyMap<number, { lastSeq: bigint; count: number }>;
  /** Whether a limit of rows or bytes cut the read off: then the last lane read may hold more, as may all behind it. */
  truncated: boolean;
}

/**
 * The positions after a read, and the checkpoints that make them last once its messages are acknowledged.
 *
 * Lanes are read one after the other. A lane before the one in which the read was cut off is exhausted: its window
 * becomes `done`. The lane that was cut off keeps its window and takes its next turn last, so that a backlog in one lane
 * delays no other. Lanes behind it were not looked at.
 */
export function advance(
  positions: Positions,
  outcome: ReadOutcome,
): { next: Positions; checkpoints: Checkpoint[] } {
  const cutAt = outcome.truncated ? lastLaneRead(positions, outcome) : positions.length;
  const exhausted = positions.slice(0, cutAt).map((position) => finishWindow(position, outcome));
  const cut = positions.slice(cutAt, cutAt + 1).map((position) => stayInWindow(position, outcome));
  const untouched = positions.slice(cutAt + 1);
  return { next: [...untouched, ...exhausted, ...cut], checkpoints: checkpointsOf(positions, outcome) };
}

function lastLaneRead(positions: Positions, outcome: ReadOutcome): number {
  return positions.findLastIndex(({ lane }) => outcome.read.has(lane));
}

const finishWindow = (position: LanePosition, { snapshot }: ReadOutcome): LanePosition => ({
  lane: position.lane,
  done: position.window ?? snapshot,
  window: null,
  pos: 0n,
  scanFrom: null,
});

const stayInWindow = (position: LanePosition, { snapshot, read }: ReadOutcome): LanePosition => ({
  ...position,
  window: position.window ?? snapshot,
  pos: read.get(position.lane)?.lastSeq ?? position.pos,
});

function checkpointsOf(positions: Positions, { snapshot, read }: ReadOutcome): Checkpoint[] {
  return positions.flatMap(({ lane, done, window }) => {
    const lane_ = read.get(lane);
    return lane_ ? [{ lane, done, window: window ?? snapshot, pos: lane_.lastSeq, count: lane_.count }] : [];
  });
}
