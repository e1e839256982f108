import type { ClientBase } from 'pg';
import { waitingMessages } from './waiting-messages.ts';

/** How far the relays are behind the writers. */
export interface Lag {
  /** Committed messages that no relay has passed yet. */
  waiting: number;
  /** There are more than `waiting`: counting stops at some thousand a lane. */
  more: boolean;
  /** How long ago the oldest of them was appended, in milliseconds; null when none waits. */
  oldestMs: number | null;
  /** The lanes in which they wait. */
  lanes: number[];
}

/**
 * Counts what `waitingMessages` finds, oldest first. Beside 600,000 retained messages it takes 20 to 40 ms where none waits,
 * half of it for the planning of 16 partitions, and 0.2 to 0.5 s where all wait or half of one window is left. Reads only.
 */
const lag = `
with ${waitingMessages('asc')}
select count(*)::integer as waiting, (select coalesce(bool_or(more), false) from looked_through) as more,
       (extract(epoch from clock_timestamp() - min(created_at)) * 1000)::float8 as "oldestMs",
       coalesce(array_agg(distinct lane::integer), '{}') as lanes
  from waiting`;

/** How many committed messages wait, and since when. */
export async function readLag(client: ClientBase): Promise<Lag> {
  const { rows } = await client.query<Lag>(lag);
  return rows[0] as Lag;
}
