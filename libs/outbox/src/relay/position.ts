/**
 * Where a lane stands. `done`: a snapshot of which everything visible is published. `window`: a newer snapshot being
 * worked through, null between two windows. `pos`: how far the window is published, as a seq; 0 at its start.
 * Snapshots are PostgreSQL's `pg_snapshot` as text, `xmin:xmax:xip,…`.
 */
export interface LanePosition {
  lane: number;
  done: string;
  window: string | null;
  pos: bigint;
  /** Rows of transactions that `done` knows nothing of, those from its xmax on, have a seq above this. */
  floor: bigint;
  /** The same for `window`; it is the floor once the window is done. */
  nextFloor: bigint;
  /** Every row visible in `window` has a seq up to this; null while it is not known: then the sequence's present value. */
  ceiling: bigint | null;
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
  floor: bigint;
  nextFloor: bigint;
  ceiling: bigint | null;
}

/** What one read brought: how far it came, in which snapshot new windows were opened, and whether a limit cut it off. */
export interface ReadOutcome {
  /** The snapshot of the statement; the window of every lane that had none. */
  snapshot: string;
  /** A mark from before the statement (see `takeMark`): the floor of its snapshot. */
  mark: bigint;
  /** The last number that was given out when the statement ran: the ceiling of its snapshot. */
  reached: bigint;
  /** The last seq read in each lane, with the number of messages; lanes without messages are absent. */
  read: ReadonlyMap<number, { lastSeq: bigint; count: number }>;
  /** Whether a limit of rows or bytes cut the read off: then the last lane read may hold more, as may all behind it. */
  truncated: boolean;
}

/**
 * How many numbers one read looks through in a lane, so that its cost is bounded however large the window is: rows that are
 * none of it, such as a million of a transaction that was open when the window was taken, have to be passed by.
 */
export const stride = 200_000n;

/** How far a read looks in a lane: to the end of the window, or one stride behind what can be left of it. */
function horizon(position: LanePosition, reached: bigint): bigint {
  const ceiling = position.ceiling ?? reached;
  const far = max(position.pos, position.floor) + stride;
  return far < ceiling ? far : ceiling;
}

/**
 * The positions after a read, and the checkpoints that make them last once its messages are acknowledged.
 *
 * Lanes are read one after the other. A lane before the one in which the read was cut off is read to its horizon: it goes
 * on from there, or its window becomes `done`. The lane that was cut off keeps its window and takes its next turn last, so
 * that a backlog in one lane delays no other. Lanes behind it were not looked at.
 */
export function advance(
  positions: Positions,
  outcome: ReadOutcome,
): { next: Positions; checkpoints: Checkpoint[] } {
  const cutAt = outcome.truncated ? lastLaneRead(positions, outcome) : positions.length;
  const opened = positions.map((position) => openWindow(position, outcome));
  const passed = opened.slice(0, cutAt).map((position) => passHorizon(position, outcome));
  const cut = opened.slice(cutAt, cutAt + 1).map((position) => stayInWindow(position, outcome));
  const untouched = positions.slice(cutAt + 1);
  return { next: [...untouched, ...passed, ...cut], checkpoints: checkpointsOf(opened, outcome) };
}

/** The snapshot that all lanes are done with, where each of them stands between two windows. */
export function commonDone([first, ...others]: Positions): string | undefined {
  if (!first || first.window !== null) return undefined;
  const alike = others.every(({ window, done }) => window === null && done === first.done);
  return alike ? first.done : undefined;
}

/** The same as `advance` where a read brought all that its snapshot sees and the lanes, all between two windows, are not done with. */
export function finishWindow(
  positions: Positions,
  outcome: Omit<ReadOutcome, 'truncated'>,
): { next: Positions; checkpoints: Checkpoint[] } {
  const opened = positions.map((position) => openWindow(position, outcome));
  return { next: opened.map(betweenWindows), checkpoints: checkpointsOf(opened, outcome) };
}

function lastLaneRead(positions: Positions, outcome: ReadOutcome): number {
  return positions.findLastIndex(({ lane }) => outcome.read.has(lane));
}

interface Opened extends LanePosition {
  window: string;
  ceiling: bigint;
}

const openWindow = (
  position: LanePosition,
  { snapshot, mark, reached }: Omit<ReadOutcome, 'truncated'>,
): Opened => {
  const ceiling = position.ceiling ?? reached;
  if (position.window !== null) return { ...position, window: position.window, ceiling };
  // A floor stays true for every later snapshot.
  return { ...position, window: snapshot, nextFloor: max(mark, position.floor), ceiling };
};

function passHorizon(position: Opened, { reached }: ReadOutcome): LanePosition {
  const pos = horizon(position, reached);
  if (pos < position.ceiling) return { ...position, pos };
  return betweenWindows(position);
}

const betweenWindows = ({ lane, window, nextFloor }: Opened): LanePosition => ({
  ...{ lane, done: window, window: null },
  ...{ pos: 0n, floor: nextFloor, nextFloor, ceiling: null },
});

const stayInWindow = (position: Opened, { read }: ReadOutcome): LanePosition => ({
  ...position,
  pos: read.get(position.lane)?.lastSeq ?? position.pos,
});

function checkpointsOf(positions: readonly Opened[], { read }: Pick<ReadOutcome, 'read'>): Checkpoint[] {
  return positions.flatMap(({ lane, done, window, floor, nextFloor, ceiling }) => {
    const read_ = read.get(lane);
    if (!read_) return [];
    return [{ lane, done, window, pos: read_.lastSeq, count: read_.count, floor, nextFloor, ceiling }];
  });
}

const max = (one: bigint, other: bigint): bigint => (one > other ? one : other);
