import type { ClientBase } from 'pg';
import { readNewestCheckpoints, type StoredCheckpoint } from '../relay/checkpoints.ts';
import { lanes } from '../relay/share-lanes.ts';

/** Where a lane stood in the copy, in the snapshots of the cluster that wrote it. */
export type CopiedPosition = Pick<StoredCheckpoint, 'lane' | 'done' | 'window' | 'pos' | 'systemIdentifier'>;

/** The newest checkpoint of each lane that has one, in order of lanes, with the cluster that wrote it. */
export async function readCopiedPositions(client: ClientBase): Promise<CopiedPosition[]> {
  const rows = await readNewestCheckpoints(client, lanes);
  return rows
    .map(({ lane, done, window, pos, systemIdentifier }) => ({ lane, done, window, pos, systemIdentifier }))
    .toSorted((one, other) => one.lane - other.lane);
}
