import { setTimeout as pause } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { advisoryLockClass } from '../advisory-locks.ts';

/** All lanes of the log. A message's lane is the last four bits of its key's hash. */
export const lanes = Array.from({ length: 16 }, (_, lane) => lane);

/** How long a relay that stands by waits before it asks for the lanes again, in milliseconds. */
const standbyMs = 1000;

/**
 * Takes the session locks of all lanes, in order, and waits as a standby while another relay holds one of them. The
 * locks end with the session: so does the right to write checkpoints.
 */
export async function ownLanes(
  client: ClientBase,
  options: { signal: AbortSignal; log: (line: string) => void },
): Promise<void> {
  let standingBy = false;
  for (const lane of lanes) {
    while (!(await tryLock(client, lane))) {
      if (!standingBy) options.log('another relay owns the lanes: standing by');
      standingBy = true;
      await pause(standbyMs, undefined, { signal: options.signal });
    }
  }
  if (standingBy) options.log('owns the lanes now');
}

async function tryLock(client: ClientBase, lane: number): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1, $2) as locked', [
    advisoryLockClass.lane,
    lane,
  ]);
  return rows[0]?.locked ?? false;
}
