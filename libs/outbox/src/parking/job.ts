import type { ClientBase } from 'pg';
import type { Positions } from '../relay/position.ts';
import type { BatchLimits, RelayMessage } from '../relay/read-messages.ts';
import type { ParkedSet } from './parked-set.ts';
import type { Refusal } from './refusal.ts';

/** A batch that does not come from the lanes' windows. */
export interface ParkingBatch {
  readonly kind: 'RELEASE' | 'REPUBLISH';
  /** To publish, each key's in order; none where only something had to be looked at, and more is to do. */
  readonly messages: readonly RelayMessage[];
  /** All but the refused ones are acknowledged. Writes that down, in one transaction, and frees what nothing is left of. */
  settle: (refusals: readonly Refusal[]) => Promise<void>;
}

/** A request under way. It is carried out a batch at a time, between batches of the log. */
export interface Job {
  readonly lane: number;
  /** What became of it, in a sentence, once it is finished. */
  outcome: () => string | null;
  /** The next batch; undefined when there was nothing to publish, and then it is finished. */
  next: () => Promise<ParkingBatch | undefined>;
}

/** What the work on parked messages needs: the relay's fenced connection, and what is parked of its lanes. */
export interface ParkingContext {
  client: ClientBase;
  parked: ParkedSet;
  limits: BatchLimits;
  /** The lanes that this relay owns. */
  lanes: ReadonlySet<number>;
  /** Where they stand, up to the last acknowledgement. */
  positions: () => Positions;
  /** The longest pause between two tries of a parked topic, in milliseconds. */
  probeMaxMs: number;
  /** Milliseconds on a clock that only goes forward. */
  now: () => number;
  log: (line: string) => void;
}
