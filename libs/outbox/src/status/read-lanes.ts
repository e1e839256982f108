import type { ClientBase } from 'pg';
import { relayName } from '../relay/connect.ts';
import { readLaneOwners } from '../relay/own-lanes.ts';
import { newestPositions } from './newest-positions.ts';

/** A relay's session, as PostgreSQL shows it. */
export interface RelayInfo {
  /** The process of PostgreSQL that serves it. */
  pid: number;
  application: string;
  /** Null where it is not told: to a role without pg_read_all_stats, or for a relay on the server's own socket. */
  address: string | null;
  /** The lanes it owns. */
  lanes: number[];
  /** False: it is connected and takes no part, for it cannot publish. */
  member: boolean;
}

/** A lane, and who serves it. */
export interface LaneInfo {
  lane: number;
  /** Null: no relay works for this lane. */
  owner: RelayInfo | null;
  /** How long ago the lane's newest checkpoint was written, in milliseconds; null: it has none, which is an error. */
  checkpointMs: number | null;
  /** False: another database cluster wrote the checkpoint, so the log was copied here and is to be adopted. */
  ofThisCluster: boolean;
}

/** Sessions by their process, and those that call themselves relays. Read from shared memory. */
const sessions = `
select pid, coalesce(application_name, '') as application,
       nullif(concat_ws(':', host(client_addr), nullif(client_port, -1)), '') as address
  from pg_stat_activity
 where pid = any ($1::integer[]) or application_name = '${relayName}' and datname = current_database()
 order by pid`;

/** Where the lanes stand: one look at the newest checkpoints. */
const lanes = `
with ${newestPositions}
select lane, (extract(epoch from clock_timestamp() - published_at) * 1000)::float8 as "checkpointMs",
       system_identifier = (select system_identifier from pg_control_system()) as "ofThisCluster"
  from position order by lane`;

/** The relays that are connected, those with the lowest lanes first. */
export async function readRelays(client: ClientBase): Promise<RelayInfo[]> {
  const { members, owners } = await readLaneOwners(client);
  const { rows } = await client.query<Omit<RelayInfo, 'lanes' | 'member'>>(sessions, [
    [...members, ...owners.values()],
  ]);
  const lanesOf = (pid: number) =>
    [...owners]
      .filter(([, owner]) => owner === pid)
      .map(([lane]) => lane)
      .sort((a, b) => a - b);
  return rows
    .map((row) => ({ ...row, lanes: lanesOf(row.pid), member: members.includes(row.pid) }))
    .sort((a, b) => (a.lanes[0] ?? 16) - (b.lanes[0] ?? 16));
}

/** All 16 lanes, with their owners from among `relays`. */
export async function readLanes(client: ClientBase, relays: readonly RelayInfo[]): Promise<LaneInfo[]> {
  type Row = Pick<LaneInfo, 'lane' | 'checkpointMs'> & { ofThisCluster: boolean | null };
  const { rows } = await client.query<Row>(lanes);
  return rows.map(({ lane, checkpointMs, ofThisCluster }) => ({
    lane,
    owner: relays.find((relay) => relay.lanes.includes(lane)) ?? null,
    checkpointMs,
    ofThisCluster: ofThisCluster ?? true,
  }));
}
