import type { ClientBase } from 'pg';
import { advisoryLockClass } from '../advisory-locks.ts';
import type { LaneOwners } from './share-lanes.ts';

/** The channel of the hint that a relay joined, or that lanes became free. */
export const lanesChannel = 'outbox_lanes';

/**
 * Who takes part and who owns what. One look at the server's lock table, which it copies under its own short locks: 0.2 ms,
 * a millisecond with 10,000 locks held.
 */
const laneOwners = `
select pid, classid = ${advisoryLockClass.member} as member, objid::integer as lane from pg_locks
 where locktype = 'advisory' and objsubid = 2 and granted and classid in (${advisoryLockClass.member}, ${advisoryLockClass.lane})
   and database = (select oid from pg_database where datname = current_database())`;

/** Reads who takes part and who owns what. */
export async function readLaneOwners(client: ClientBase): Promise<LaneOwners> {
  const { rows } = await client.query<{ pid: number; member: boolean; lane: number }>({
    name: 'outbox lane owners',
    text: laneOwners,
  });
  return {
    members: rows.filter(({ member }) => member).map(({ pid }) => pid),
    owners: new Map(rows.filter(({ member }) => !member).map(({ lane, pid }) => [lane, pid])),
  };
}

/** Takes part in sharing the lanes, until the session ends or it leaves. */
export async function joinRelays(client: ClientBase): Promise<void> {
  await client.query(`select pg_advisory_lock_shared(${advisoryLockClass.member}, 0)`);
  await hint(client);
}

/** Takes part no longer. */
export async function leaveRelays(client: ClientBase): Promise<void> {
  await client.query(`select pg_advisory_unlock_shared(${advisoryLockClass.member}, 0)`);
}

/**
 * Takes those of the lanes that are free, without waiting for one that is not, and returns them. Their locks end with
 * the session, and so does the right to write their checkpoints.
 */
export async function takeLanes(client: ClientBase, wanted: readonly number[]): Promise<number[]> {
  const { rows } = await client.query<{ lane: number; taken: boolean }>(
    `select lane, pg_try_advisory_lock(${advisoryLockClass.lane}, lane) as taken from unnest($1::integer[]) as lane`,
    [wanted],
  );
  return rows.filter(({ taken }) => taken).map(({ lane }) => lane);
}

/** Gives lanes back, and hints to the others that they are free. */
export async function giveLanes(client: ClientBase, given: readonly number[]): Promise<void> {
  await client.query(
    `select pg_advisory_unlock(${advisoryLockClass.lane}, lane) from unnest($1::integer[]) as lane`,
    [given],
  );
  await hint(client);
}

/** Gives everything back at the end of a session, so that nobody has to notice its absence. */
export async function giveEverything(client: ClientBase): Promise<void> {
  await client.query('select pg_advisory_unlock_all()');
  await hint(client);
}

const hint = (client: ClientBase) => client.query(`notify ${lanesChannel}`);
