import type { ClientBase } from 'pg';
import { countedWaiting } from './count-waiting.ts';
import { sampledWaiting } from './sample-waiting.ts';

/** How far the relays are behind the writers. */
export interface Lag {
  /** Committed messages that no relay has passed yet: counted, or `estimated` where more than 2,000 wait in a lane. */
  waiting: number;
  estimated: boolean;
  /** How long ago the oldest of them was appended, in milliseconds; null when none waits. */
  oldestMs: number | null;
  /** The lanes in which they wait. */
  lanes: number[];
}

/**
 * Counts and samples; whoever owns the lanes, and if nobody does. Reads only, and as much however many messages wait or are
 * retained: beside 600,000 it takes 1.5 ms and 1,600 buffers where none waits, 25 to 75 ms and 7,000 to 40,000 buffers where a
 * million do, or half of them are left of a window; and 5 ms for the planning of 16 partitions. What an open transaction has
 * written is passed by: 0.15 s for half a million messages of one.
 */
const lag = `
with ${countedWaiting}, ${sampledWaiting}
select coalesce(sum(greatest(counted.waiting, round(sampled.waiting))), 0)::float8 as waiting,
       coalesce(bool_or(cut), false) as estimated,
       (extract(epoch from clock_timestamp() - min(oldest)) * 1000)::float8 as "oldestMs",
       coalesce(array_agg(counted.lane::integer) filter (where counted.waiting > 0), '{}') as lanes
  from counted left join sampled using (lane)`;

/** How many committed messages wait, and since when. */
export async function readLag(client: ClientBase): Promise<Lag> {
  const { rows } = await client.query<Lag>(lag);
  return rows[0] as Lag;
}
