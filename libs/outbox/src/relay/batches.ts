import { OutboxError } from '../errors.ts';
import type { Checkpoint, Positions } from './position.ts';
import type { RelayMessage } from './read-messages.ts';

/** Messages to publish, each key's in the order of its commits. */
export interface Batch {
  readonly messages: readonly RelayMessage[];
  /** More waits behind it: the next batch is worth asking for at once. */
  readonly full: boolean;
}

/** A batch with what follows from its acknowledgement. */
export interface ReadBatch extends Batch {
  next: Positions;
  checkpoints: Checkpoint[];
}

/** The batches of the lanes that a session owns. */
export interface Batches {
  /** The next batch; the same one until it is acknowledged. */
  next: () => Promise<Batch>;
  /** Writes the checkpoint of the batch that `next` returned. */
  acknowledge: (batch: Batch) => Promise<void>;
  /** Where the lanes stand by what is acknowledged. */
  positions: () => Positions;
  /** Forgets what was read and not acknowledged; it is read again from the same positions. */
  forget: () => Promise<void>;
  /** Goes on from other positions, after `forget`. */
  moveTo: (positions: Positions) => void;
}

const nothing: Batch = { messages: [], full: false };

/** Keeps the batch that waits for its acknowledgement, and the one read ahead behind it. */
export function batchesOf(database: {
  read: (from: Positions) => Promise<ReadBatch>;
  checkpoint: (rows: Checkpoint[]) => Promise<void>;
}): Batches {
  let positions: Positions = [];
  let pending: ReadBatch | undefined;
  let ahead: Promise<ReadBatch> | undefined;

  async function next(): Promise<Batch> {
    if (pending) return pending;
    if (positions.length === 0) return nothing;
    const batch = await (ahead ?? database.read(positions));
    ahead = undefined;
    if (batch.messages.length === 0) {
      positions = batch.next;
      return batch;
    }
    pending = batch;
    if (batch.full) {
      ahead = database.read(batch.next);
      // Whoever asks for it gets the error; until then nobody listens.
      ahead.catch(() => undefined);
    }
    return batch;
  }

  async function acknowledge(batch: Batch): Promise<void> {
    if (batch.messages.length === 0) return;
    if (batch !== pending)
      throw new OutboxError('MISUSE', 'Only the batch that nextBatch() returned last can be acknowledged.');
    await database.checkpoint(pending.checkpoints);
    positions = pending.next;
    pending = undefined;
  }

  return {
    next,
    acknowledge,
    positions: () => positions,
    async forget() {
      await ahead?.catch(() => undefined);
      [pending, ahead] = [undefined, undefined];
    },
    moveTo: (others) => {
      positions = others;
    },
  };
}
