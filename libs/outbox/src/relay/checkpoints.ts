import type { ClientBase } from 'pg';
import { OutboxError } from '../errors.ts';
import { reachedBeforeId } from './mark.ts';
import type { Checkpoint, LanePosition, Positions } from './position.ts';

/** The database cluster: transaction ids mean something only within it. */
export interface ClusterIdentity {
  systemIdentifier: string;
  /** Grows with every promotion of a standby. */
  timeline: number;
}

const clusterIdentity = `
select system_identifier::text as "systemIdentifier", (select timeline_id from pg_control_checkpoint()) as timeline
  from pg_control_system()`;

/** Which cluster this connection reached. */
export async function readClusterIdentity(client: ClientBase): Promise<ClusterIdentity> {
  const { rows } = await client.query<ClusterIdentity>(clusterIdentity);
  if (!rows[0]) throw new OutboxError('SERVER_UNSUITABLE', 'PostgreSQL did not tell its system identifier.');
  return rows[0];
}

/** The newest checkpoint of each lane: one probe of the index per lane and partition. */
const newestCheckpoints = `
select lane.lane, newest.*
  from unnest($1::smallint[]) as lane(lane)
  join lateral (select done::text, "window"::text, pos::text, floor::text, next_floor::text as "nextFloor", ceiling::text, system_identifier::text as "systemIdentifier", timeline
                  from outbox.checkpoint where checkpoint.lane = lane.lane order by number desc limit 1) as newest on true`;

/** The newest checkpoint of a lane, as it is stored. */
export interface StoredCheckpoint extends ClusterIdentity {
  lane: number;
  done: string;
  window: string;
  pos: string;
  /** Null, as the two that follow, in rows of a version that had no bounds yet. */
  floor: string | null;
  nextFloor: string | null;
  ceiling: string | null;
}

/** Reads the newest checkpoints of lanes, whoever wrote them; a lane without one is left out. */
export async function readNewestCheckpoints(
  client: ClientBase,
  lanes: readonly number[],
): Promise<StoredCheckpoint[]> {
  const { rows } = await client.query<StoredCheckpoint>(newestCheckpoints, [lanes]);
  return rows;
}

/**
 * Where the lanes stand, as their newest checkpoints say. A new session always asks: after a crash of the server
 * transaction ids that were not on disk are given out again, and a position kept in memory would hide committed rows.
 * @throws {OutboxError} LOG_INCONSISTENT when a lane has no checkpoint or another cluster wrote it.
 */
export async function readPositions(
  client: ClientBase,
  lanes: number[],
  cluster: ClusterIdentity,
): Promise<{ positions: Positions; promoted: boolean }> {
  const rows = await readNewestCheckpoints(client, lanes);
  const missing = lanes.filter((lane) => !rows.some((row) => row.lane === lane));
  if (missing.length > 0) {
    throw new OutboxError(
      'LOG_INCONSISTENT',
      `outbox.checkpoint has no row for lane ${missing.join(', ')}: its rows were removed from outside.`,
    );
  }
  if (rows.some((row) => row.systemIdentifier !== cluster.systemIdentifier)) {
    throw new OutboxError(
      'LOG_INCONSISTENT',
      'The outbox was copied from another database cluster: its transaction ids mean nothing here, so publishing from it would lose messages. Adopt it first: npm run outbox -- adopt',
    );
  }
  return { positions: rows.map(toPosition), promoted: rows.some((row) => row.timeline < cluster.timeline) };
}

/** The first checkpoint of a lane has no window worth finishing. */
function toPosition({ lane, done, window, pos, floor, nextFloor, ceiling }: StoredCheckpoint): LanePosition {
  const begun = pos !== '0';
  return {
    lane,
    done,
    window: begun ? window : null,
    pos: BigInt(pos),
    floor: BigInt(floor ?? 0),
    // A floor stays true for every later snapshot.
    nextFloor: BigInt(nextFloor ?? floor ?? 0),
    ceiling: begun && ceiling !== null ? BigInt(ceiling) : null,
  };
}

/**
 * Reading the sequence comes before the insert, whose rows are made of it, has a transaction id assigned: what was read is a
 * mark (see `takeMark`) once the transaction is over, unless it had an id before.
 */
const insertCheckpoints = `
with sequence as materialized (select ${reachedBeforeId} as reached from outbox.message_seq),
written as (
  insert into outbox.checkpoint (lane, done, "window", pos, count, floor, next_floor, ceiling, system_identifier, timeline)
  select lane, done, "window", pos, count, floor, next_floor, ceiling, $9, $10
    from sequence
   cross join unnest($1::smallint[], $2::text[]::pg_snapshot[], $3::text[]::pg_snapshot[], $4::bigint[], $5::integer[],
                     $6::bigint[], $7::bigint[], $8::bigint[])
         with ordinality as checkpoint(lane, done, "window", pos, count, floor, next_floor, ceiling, place)
   order by place
)
select reached::text from sequence`;

/**
 * Appends a row for each, in order: of a lane the last one says where it stands. Returns a new mark, true once this is committed,
 * or undefined.
 */
export async function writeCheckpoints(
  client: ClientBase,
  checkpoints: Checkpoint[],
  cluster: ClusterIdentity,
): Promise<bigint | undefined> {
  const column = <Name extends keyof Checkpoint>(name: Name) =>
    checkpoints.map((checkpoint) => checkpoint[name]);
  const { rows } = await client.query<{ reached: string | null }>({
    name: 'outbox checkpoint',
    text: insertCheckpoints,
    values: [
      ...[column('lane'), column('done'), column('window'), column('pos'), column('count')],
      ...[column('floor'), column('nextFloor'), column('ceiling')],
      ...[cluster.systemIdentifier, cluster.timeline],
    ],
  });
  const reached = rows[0]?.reached ?? undefined;
  return reached === undefined ? undefined : BigInt(reached);
}
