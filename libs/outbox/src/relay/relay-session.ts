import type pg from 'pg';
import { fromEvent, map, type Observable } from 'rxjs';
import { OutboxError, outboxError } from '../errors.ts';
import { endConnection } from '../connection.ts';
import { wakeChannel } from '../wake/channel.ts';
import { readClusterIdentity, readPositions, writeCheckpoints } from './checkpoints.ts';
import { connectRelay } from './connect.ts';
import { findScanStart } from './find-scan-start.ts';
import { lanes, ownLanes } from './own-lanes.ts';
import { advance, type Checkpoint, type Positions } from './position.ts';
import { readMessages, type BatchLimits, type RelayMessage } from './read-messages.ts';

/** Messages to publish, each key's in the order of its commits. */
export interface Batch {
  readonly messages: readonly RelayMessage[];
  /** More waits behind it: the next batch is worth asking for at once. */
  readonly full: boolean;
}

/** One relay's hold on the log: a dedicated connection, the locks of the lanes, and where each lane stands. */
export interface RelaySession extends AsyncDisposable {
  /**
   * The next batch; the same one until it is acknowledged. Without messages: nothing waits. The batch behind a full
   * one is read while it is published.
   * @throws {OutboxError} and the session is lost.
   */
  nextBatch(): Promise<Batch>;
  /**
   * Kafka has acknowledged every message of the batch: writes the checkpoint.
   * @throws {OutboxError} and the session is lost: the batch will be read again by the next one.
   */
  acknowledge(batch: Batch): Promise<void>;
  /** Emits when a writer hints that something was committed. Hints may be missing or superfluous. */
  readonly wake$: Observable<void>;
  /** Aborted, with an OutboxError as its reason, once the connection is gone. */
  readonly lost: AbortSignal;
}

/** How to open a session. `limits` bound a batch; `signal` ends the wait for the lanes. */
export interface RelaySessionOptions {
  databaseUrl: string;
  limits: BatchLimits;
  signal: AbortSignal;
  log?: (line: string) => void;
}

/** A batch with what follows from its acknowledgement. */
interface ReadBatch extends Batch {
  next: Positions;
  checkpoints: Checkpoint[];
}

/** PostgreSQL ends the session of a relay that says nothing for 10 s. */
const heartbeatMs = 3000;

/**
 * Opens the relay's session: connects, takes the lanes (waiting while another relay has them) and reads where they stand.
 * @throws {OutboxError} DATABASE_UNAVAILABLE, SERVER_UNSUITABLE, LOG_INCONSISTENT or DATABASE_REFUSED.
 */
export async function openRelaySession(options: RelaySessionOptions): Promise<RelaySession> {
  const { limits, signal, log = () => undefined } = options;
  const client = await connectRelay(options.databaseUrl);
  const lost = watchForLoss(client);
  try {
    await client.query(`listen ${wakeChannel}`);
    await ownLanes(client, { signal, log });
    const cluster = await readClusterIdentity(client);
    const { positions, promoted } = await readPositions(client, lanes, cluster);
    if (promoted)
      log(
        'this server was promoted since the last checkpoint: commits that only the old primary had are missing here',
      );
    const inTurn = oneAtATime();
    const ask = <T>(question: () => Promise<T>): Promise<T> =>
      inTurn(() => {
        // A connection that has gone silent fails each statement only after its time: one is enough.
        lost.signal.throwIfAborted();
        return question();
      }).catch((thrown: unknown) => lost.report(thrown));
    const batches = batchesFrom(positions, {
      lost: lost.signal,
      read: (from) => ask(() => readBatch(client, from, limits)),
      checkpoint: (rows) => ask(() => writeCheckpoints(client, rows, cluster)),
    });
    const heartbeat = beat(() => ask(() => client.query('select 1')));
    return {
      ...batches,
      wake$: fromEvent(client, 'notification').pipe(map(() => undefined)),
      lost: lost.signal,
      async [Symbol.asyncDispose]() {
        clearInterval(heartbeat);
        await endConnection(client);
      },
    };
  } catch (thrown) {
    await endConnection(client);
    throw signal.aborted ? thrown : outboxError(thrown);
  }
}

/** Keeps the batch that waits for its acknowledgement, and the one read ahead behind it. */
function batchesFrom(
  start: Positions,
  database: {
    lost: AbortSignal;
    read: (from: Positions) => Promise<ReadBatch>;
    checkpoint: (rows: Checkpoint[]) => Promise<void>;
  },
): Pick<RelaySession, 'nextBatch' | 'acknowledge'> {
  let positions = start;
  let pending: ReadBatch | undefined;
  let ahead: Promise<ReadBatch> | undefined;

  return {
    async nextBatch() {
      // Somebody else may have published the pending batch long ago.
      database.lost.throwIfAborted();
      if (pending) return pending;
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
    },
    async acknowledge(batch) {
      if (batch.messages.length === 0) return;
      if (batch !== pending)
        throw new OutboxError('MISUSE', 'Only the batch that nextBatch() returned last can be acknowledged.');
      await database.checkpoint(pending.checkpoints);
      positions = pending.next;
      pending = undefined;
    },
  };
}

/** One read; another at once where it only finished windows of an earlier session and found nothing in them. */
async function readBatch(client: pg.Client, from: Positions, limits: BatchLimits): Promise<ReadBatch> {
  const positions = await scanLargeWindow(client, from);
  const { messages, outcome } = await readMessages(client, positions, limits);
  const { next, checkpoints } = advance(positions, outcome);
  // A lane that finished an older window has not been asked yet for what came since.
  const finishedWindows = positions.some(({ window }) => window !== null);
  if (messages.length === 0 && finishedWindows) return readBatch(client, next, limits);
  return { messages, full: outcome.truncated || finishedWindows, next, checkpoints };
}

/** A lane that was cut off in its window goes on by a scan, for a sort of the whole window at each batch is quadratic. */
async function scanLargeWindow(client: pg.Client, positions: Positions): Promise<Positions> {
  const last = positions.at(-1);
  if (!last || last.window === null || last.scanFrom !== null) return positions;
  return [...positions.slice(0, -1), { ...last, scanFrom: await findScanStart(client, last) }];
}

/** Repeats `ask` every 3 s, but not beside itself; its failure is told by the loss of the session. */
function beat(ask: () => Promise<unknown>): NodeJS.Timeout {
  let asking = false;
  return setInterval(() => {
    if (asking) return;
    asking = true;
    void ask()
      .catch(() => undefined)
      .finally(() => (asking = false));
  }, heartbeatMs);
}

/** Runs tasks one after the other: a connection answers one statement at a time. A failed task does not stop the next. */
function oneAtATime() {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(task: () => Promise<T>): Promise<T> => {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  };
}

/** Turns every failure of the connection into one lost session. */
function watchForLoss(client: pg.Client) {
  const controller = new AbortController();
  const lose = (thrown: unknown): OutboxError => {
    const error = outboxError(thrown);
    if (!controller.signal.aborted) controller.abort(error);
    return error;
  };
  client.on('error', lose);
  client.on('end', () => lose(new Error('the connection ended')));
  return {
    signal: controller.signal,
    report: (thrown: unknown): never => {
      throw lose(thrown);
    },
  };
}
