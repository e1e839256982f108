import type { ClientBase } from 'pg';

/** Where a lane stood in the copy, in the snapshots of the cluster that wrote it. */
export interface CopiedPosition {
  lane: number;
  done: string;
  window: string;
  pos: string;
  systemIdentifier: string;
}

/** The newest checkpoint of each lane, with the cluster that wrote it: one probe of the index per lane and partition. */
export async function readCopiedPositions(client: ClientBase): Promise<CopiedPosition[]> {
  const { rows } = await client.query<CopiedPosition>(`
select lane.lane, newest.*
  from generate_series(0, 15) as lane(lane)
 cross join lateral (select done::text, "window"::text, pos::text, system_identifier::text as "systemIdentifier"
                       from outbox.checkpoint where checkpoint.lane = lane.lane::smallint order by number desc limit 1) as newest
 order by lane.lane`);
  return rows;
}
