import type { ClientBase } from 'pg';
import { readPositions, writeCheckpoints, type ClusterIdentity } from '../relay/checkpoints.ts';
import type { Positions } from '../relay/position.ts';
import { idleCheckpoints } from './idle-checkpoints.ts';

/**
 * Writes the checkpoints of {@link idleCheckpoints} on the connection that owns the lanes; how many. To be called in turn with
 * everything else there, with the positions behind the last acknowledged batch. Positions that a checkpoint written a moment
 * ago has left behind do no harm: their `done` is not newer than that one's, and nothing is written.
 */
export async function checkpointIdleLanes(
  client: ClientBase,
  owned: { positions: Positions; cluster: ClusterIdentity },
): Promise<number> {
  const { positions, cluster } = owned;
  if (positions.length === 0) return 0;
  const lanes = positions.map(({ lane }) => lane);
  const newest = await readPositions(client, lanes, cluster);
  const written = new Map(newest.positions.map(({ lane, done }) => [lane, done]));
  const checkpoints = idleCheckpoints(positions, written);
  if (checkpoints.length > 0) await writeCheckpoints(client, checkpoints, cluster);
  return checkpoints.length;
}
