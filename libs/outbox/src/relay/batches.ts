import { OutboxError } from '../errors.ts';
import type { ParkingBatch } from '../parking/job.ts';
import type { Parking, ParkedWithBatch } from '../parking/open-parking.ts';
import { requireFollowers, type Refusal } from '../parking/refusal.ts';
import type { Checkpoint, Positions } from './position.ts';
import type { RelayMessage } from './read-messages.ts';

/** Messages to publish, each key's in the order of its commits. */
export interface Batch {
  /** `LOG`: the next ones of the log. `RELEASE`: parked ones. `REPUBLISH`: published ones, once more. */
  readonly kind: 'LOG' | ParkingBatch['kind'];
  readonly messages: readonly RelayMessage[];
  /** How many more belong to it that must not be sent, since they follow what is parked: acknowledged, they are parked. */
  readonly followers: number;
  /** More waits behind it: the next batch is worth asking for at once. */
  readonly full: boolean;
}

/** What was read of the log, with what follows from its acknowledgement. */
export interface ReadBatch extends Pick<Batch, 'messages' | 'full'> {
  next: Positions;
  checkpoints: Checkpoint[];
}

/** The batches of the lanes that a session owns. */
export interface Batches {
  /** The next batch; the same one until it is acknowledged. */
  next: () => Promise<Batch>;
  /**
   * Writes down what became of the batch that `next` returned. From this call on the next batch may be asked for, unless some of
   * this one is parked: then from its end on.
   */
  acknowledge: (batch: Batch, refusals?: readonly Refusal[]) => Promise<void>;
  /** Something may have been committed: while a batch is under way, the one behind it is read. */
  hint: () => void;
  /** Drops the batch that `next` returned, which is not of the log; it comes again later. */
  postpone: (batch: Batch) => void;
  /** Where the lanes stand by what is acknowledged. */
  positions: () => Positions;
  /** Forgets what was read and not acknowledged; it is read again from the same positions. */
  forget: () => Promise<void>;
  /** Goes on from other positions, after `forget`. */
  moveTo: (positions: Positions) => void;
}

/** Where batches come from, and where their acknowledgements go. */
export interface BatchSource {
  read: (from: Positions) => Promise<ReadBatch>;
  /** Writes checkpoints: in one transaction with what is `parked` of the batch; or else `atOnce`, or soon with those of others. */
  checkpoint: (rows: Checkpoint[], how: { parked: ParkedWithBatch } | { atOnce: boolean }) => Promise<void>;
  parking: Pick<Parking, 'split' | 'due' | 'postpone' | 'nextBatch'>;
}

/** A batch that was handed out, and what its acknowledgement does. */
interface Pending {
  batch: Batch;
  settle: (refusals: readonly Refusal[]) => Promise<void>;
  /** Where the log goes on behind it, if it is of the log. */
  next?: Positions;
  /** The log holds more behind it, or may. */
  more?: boolean;
}

const nothing: Batch = { kind: 'LOG', messages: [], followers: 0, full: false };

/**
 * Keeps the batch that waits for its acknowledgement, and the one read ahead behind it. The log and what is released of
 * the parked messages take turns while both have something, so that neither waits for the other's end.
 */
export function batchesOf(source: BatchSource): Batches {
  const { parking } = source;
  let positions: Positions = [];
  let pending: Pending | undefined;
  let ahead: Promise<ReadBatch> | undefined;
  let logFirst = true;
  /** Something may have come since the last read of the log was asked for. */
  let hinted = false;

  function read(from: Positions): Promise<ReadBatch> {
    hinted = false;
    return source.read(from);
  }

  function readAhead(): void {
    if (!pending?.next || ahead) return;
    ahead = read(pending.next);
    // Whoever asks for it gets the error; until then nobody listens.
    ahead.catch(() => undefined);
  }

  /** What was read ahead, or is read now: also where a hint has come since that found nothing. */
  async function nextOfLog(): Promise<ReadBatch> {
    const early = await ahead;
    ahead = undefined;
    if (early && (early.messages.length > 0 || !hinted)) return early;
    return read(early?.next ?? positions);
  }

  async function fromLog(): Promise<Pending | undefined> {
    const found = await nextOfLog();
    if (found.messages.length === 0) {
      positions = found.next;
      return undefined;
    }
    // Not when it was read: what is parked changes with the acknowledgement of the batch before.
    const { messages, followers } = parking.split(found.messages);
    const more = found.full || hinted;
    return {
      batch: { kind: 'LOG', messages, followers: followers.length, full: more || parking.due() },
      next: found.next,
      more,
      settle: async (refusals) => {
        const parked = followers.length + refusals.length > 0 ? { followers, refusals } : undefined;
        if (parked) await source.checkpoint(found.checkpoints, { parked });
        [pending, positions] = [undefined, found.next];
        // The source has it written before the lanes are given away, and an error ends the session.
        if (!parked) await source.checkpoint(found.checkpoints, { atOnce: found.full });
      },
    };
  }

  async function fromParking(): Promise<Pending | undefined> {
    if (!parking.due()) return undefined;
    const found = await parking.nextBatch();
    if (!found) return undefined;
    const settle = async (refusals: readonly Refusal[]) => {
      await found.settle(refusals);
      pending = undefined;
    };
    return { batch: { ...found, followers: 0, full: true }, settle };
  }

  async function next(): Promise<Batch> {
    if (pending) return pending.batch;
    if (positions.length === 0) return nothing;
    const sources = logFirst ? [fromLog, fromParking] : [fromParking, fromLog];
    const found = (await sources[0]?.()) ?? (await sources[1]?.());
    if (!found) return nothing;
    logFirst = found.batch.kind !== 'LOG';
    pending = found;
    if (found.more) readAhead();
    // Only something was looked at, and there is more of it: nobody has to send anything.
    if (found.batch.messages.length + found.batch.followers === 0) await acknowledge(found.batch);
    return found.batch;
  }

  async function acknowledge(batch: Batch, refusals: readonly Refusal[] = []): Promise<void> {
    if (batch !== pending?.batch) {
      if (batch.messages.length + batch.followers === 0) return;
      throw new OutboxError('MISUSE', 'Only the batch that nextBatch() returned last can be acknowledged.');
    }
    requireFollowers(batch.messages, refusals);
    await pending.settle(refusals);
  }

  return {
    next,
    acknowledge,
    hint: () => {
      hinted = true;
      readAhead();
    },
    postpone: (batch) => {
      if (batch !== pending?.batch || batch.kind === 'LOG')
        throw new OutboxError(
          'MISUSE',
          'Only a batch that holds up nobody can be postponed, and the last one.',
        );
      pending = undefined;
      parking.postpone();
    },
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
