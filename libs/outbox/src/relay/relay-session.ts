import type pg from 'pg';
import type { Observable } from 'rxjs';
import { endConnection } from '../connection.ts';
import { outboxError } from '../errors.ts';
import { openParking, type Parking } from '../parking/open-parking.ts';
import type { Refusal } from '../parking/refusal.ts';
import { requestHint } from '../parking/request-hint.ts';
import { checkpointIdleLanes } from '../retention/checkpoint-idle-lanes.ts';
import { cleanUp, type CleanUpReport } from '../retention/clean-up.ts';
import { wakeChannel } from '../wake/channel.ts';
import { batchesOf, type Batch, type Batches, type BatchSource } from './batches.ts';
import { checkpointWriter, type CheckpointWriter } from './checkpoint-writer.ts';
import { readClusterIdentity, readPositions, writeCheckpoints } from './checkpoints.ts';
import { backendPid, connectRelay } from './connect.ts';
import { fencedConnection, type FencedConnection } from './fenced-connection.ts';
import { holdLanes } from './hold-lanes.ts';
import { listen, lookAgain } from './listen.ts';
import { takeMark } from './mark.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { giveEverything, lanesChannel } from './own-lanes.ts';
import type { Checkpoint, Positions } from './position.ts';
import { batchReader } from './read-batch.ts';
import type { BatchLimits } from './read-messages.ts';

/** One relay's hold on the log: a dedicated connection, the locks of its lanes, and where each lane stands. */
export interface RelaySession extends AsyncDisposable {
  /**
   * The next batch; the same one, for all who ask, until it is acknowledged or lanes move between the relays. Without
   * messages: nothing waits. The batch behind a full one is read while it is published, and so is the one that a hint tells of.
   * @throws {OutboxError} and the session is lost.
   */
  nextBatch(): Promise<Batch>;
  /**
   * Kafka has acknowledged every message of the batch but the refused ones: writes the checkpoint, and parks those and
   * what follows them, in one transaction. What is behind a refused message of its (topic, key) in the batch is to be
   * refused with it. From this call on `nextBatch` may be asked for the next one, where nothing is parked of this one: that is sent while
   * the checkpoint of this is being written, or waits for those of others (`checkpointEveryMs`).
   * @throws {OutboxError} and the session is lost: the batch will be read again by the next one.
   */
  acknowledge(batch: Batch, refusals?: readonly Refusal[]): Promise<void>;
  /**
   * A batch of parked or published messages, `kind` other than `LOG`, cannot be sent for now: it comes again after a growing
   * pause, and the log goes on meanwhile.
   */
  postpone(batch: Batch): void;
  /**
   * Leaves the lanes to other relays, since this one cannot reach Kafka, for `ms` milliseconds or until nobody else is
   * left. To be called while nothing is being sent. @returns false where there is no other relay.
   * @throws {OutboxError} and the session is lost.
   */
  standAside(ms: number): Promise<boolean>;
  /**
   * Removes what is older than the retention and settled, after it has written down how far its own quiet lanes are. Beside the
   * batches, at any time.
   * @throws {OutboxError} DATABASE_REFUSED, after which the session goes on; or the session is lost.
   */
  cleanUp(retention: { retentionHours: number }): Promise<CleanUpReport>;
  /** The lanes it owns now, in order; none once it is lost. */
  lanes(): readonly number[];
  /** Emits when a writer hints that something was committed. Hints may be missing or superfluous. */
  readonly wake$: Observable<void>;
  /** Emits when lanes are to move: `nextBatch` does it. */
  readonly lanesMove$: Observable<void>;
  /** Aborted, with an OutboxError as its reason, once the connection is gone. */
  readonly lost: AbortSignal;
}

/** How to open a session. `limits` bound a batch; `log` gets a line when lanes move, and when what is parked is released. */
export interface RelaySessionOptions {
  databaseUrl: string;
  limits: BatchLimits;
  /** The longest pause between two tries of a topic that is parked, in milliseconds: 30,000 when not given. */
  probeMaxMs?: number;
  /**
   * How long, in milliseconds, the checkpoint of a batch that no limit cut off may wait to be written with those of others: 10 when not
   * given. So much more than a batch comes again where a relay is killed.
   */
  checkpointEveryMs?: number;
  log?: (line: string) => void;
}

/**
 * Opens the relay's session: connects, takes a share of the lanes and reads where they stand.
 * @throws {OutboxError} DATABASE_UNAVAILABLE, SERVER_UNSUITABLE, LOG_INCONSISTENT or DATABASE_REFUSED.
 */
export async function openRelaySession(options: RelaySessionOptions): Promise<RelaySession> {
  const { limits, probeMaxMs = 30_000, checkpointEveryMs = 10, log = () => undefined } = options;
  await using opening = new AsyncDisposableStack();
  const client = await connectRelay(options.databaseUrl);
  opening.defer(() => endConnection(client));
  const { ask, lost, statements } = fencedConnection(client);
  try {
    const hint$ = await listen(client);
    const cluster = await readClusterIdentity(client);
    const lanes = holdLanes({ client, pid: backendPid(client), log });
    const parking = openParking({
      ...{ client, limits, probeMaxMs, log },
      positions: () => batches.positions(),
      now: () => performance.now(),
    });
    const mark = { latest: await takeMark(client) };
    const writeDown = async (rows: Checkpoint[]) => {
      mark.latest = (await writeCheckpoints(client, rows, cluster)) ?? mark.latest;
    };
    const checkpoints = checkpointWriter({
      everyMs: checkpointEveryMs,
      write: (rows) => ask(() => writeDown(rows)),
    });
    const batches: Batches = batchesOf(
      sourceOf({ client, ask, limits, parking, mark, checkpoints, writeDown }),
    );
    const moveLanes = async () => {
      await batches.forget();
      await checkpoints.flush();
      await ask(async () => {
        const { given, taken } = await lanes.settle();
        parking.drop(given);
        const gained = await readPositions(client, taken, cluster);
        await parking.gain(taken);
        if (gained.promoted) log(promotedWarning);
        batches.moveTo([
          ...batches.positions().filter(({ lane }) => !given.includes(lane)),
          ...gained.positions,
        ]);
      });
    };
    // Before the lanes are taken: another relay may give some back at once.
    const look = async () => {
      mark.latest = await takeMark(client, mark.latest);
      return lanes.look();
    };
    const looking = lookAgain(() => ask(look), hint$(lanesChannel));
    const requests = hint$(wakeChannel, requestHint).subscribe(parking.hint);
    const commits = hint$(wakeChannel).subscribe(batches.hint);
    opening.defer(() => {
      looking.end();
      commits.unsubscribe();
      requests.unsubscribe();
    });
    await moveLanes();
    const open = opening.move();
    // Asked twice at once, the log would be read twice from where it stands, and each reading given out.
    const inTurn = oneAtATime();
    return {
      nextBatch: () =>
        inTurn(async () => {
          // Somebody else may have published the pending batch long ago.
          lost.throwIfAborted();
          if (lanes.due()) await moveLanes();
          return batches.next();
        }),
      acknowledge: batches.acknowledge,
      postpone: batches.postpone,
      standAside: (ms) =>
        inTurn(async () => {
          const others = await ask(() => lanes.standAside(ms));
          if (others) await moveLanes();
          return others;
        }),
      async cleanUp(retention) {
        // A lane whose checkpoint is about to be written is not quiet, and what comes last of a lane says where it stands.
        const quiet = () => batches.positions().filter(({ lane }) => !checkpoints.waits(lane));
        await ask(() => checkpointIdleLanes(client, { positions: quiet(), cluster }));
        return cleanUp(statements, retention);
      },
      lanes: () => (lost.aborted ? [] : lanesOf(batches.positions())),
      wake$: hint$(wakeChannel),
      lanesMove$: looking.due$,
      lost,
      async [Symbol.asyncDispose]() {
        const written = checkpoints.flush().catch((thrown: unknown) => {
          log(
            `the last checkpoint may not be written, its messages may come again: ${outboxError(thrown).message}`,
          );
        });
        if (!lost.aborted) await ask(giveEverything).catch(() => undefined);
        await written;
        await open.disposeAsync();
      },
    };
  } catch (thrown) {
    throw outboxError(thrown);
  }
}

const lanesOf = (positions: Positions) => positions.map(({ lane }) => lane).sort((one, other) => one - other);

const promotedWarning =
  'this server was promoted since the last checkpoint: commits that only the old primary had are missing here';

/** What batches come from: everything in turn, on the one connection. */
function sourceOf(parts: {
  client: pg.Client;
  ask: FencedConnection['ask'];
  limits: BatchLimits;
  parking: Parking;
  /** See `takeMark`. Each checkpoint brings a newer one. */
  mark: { readonly latest: bigint };
  checkpoints: CheckpointWriter;
  /** Writes checkpoints in the turn of whoever calls it. */
  writeDown: (rows: Checkpoint[]) => Promise<void>;
}): BatchSource {
  const { client, ask, limits, parking, mark, checkpoints, writeDown } = parts;
  const readBatch = batchReader(client);
  return {
    read: (from) => ask(() => readBatch(from, { limits, mark: mark.latest })),
    checkpoint: async (rows, how) => {
      if (!('parked' in how)) return checkpoints.write(rows, how);
      // Both take their turn now, one behind the other.
      await Promise.all([checkpoints.flush(), ask(() => parking.park(how.parked, () => writeDown(rows)))]);
    },
    parking: {
      ...parking,
      nextBatch: async () => {
        const batch = await ask(parking.nextBatch);
        return batch && { ...batch, settle: (refusals) => ask(() => batch.settle(refusals)) };
      },
    },
  };
}
