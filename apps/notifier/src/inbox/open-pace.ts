import type { Pool } from './open-pool.ts';

/**
 * The pace of one channel: a token bucket that all notifiers share, since a webhook's limit is one for all of them. It lies
 * in PostgreSQL, where it outlives a restart, too: a process that crashes in a loop does not post faster for it.
 */
export type Pace = {
  /** From one turn to the next, on the average: no turn is further away, unless the channel is held. */
  intervalMs: number;
  /** Takes a turn and returns 0, or returns the milliseconds after which to ask again. */
  turn(): Promise<number>;
  /**
   * The request of our last turn is answered. Slack's limit counts from when a request arrives, which may be as late as its
   * answer; the next request may be quicker, and arrive too close behind it. So the turn counts as taken now.
   */
  answered(): Promise<void>;
  /** Gives nobody a turn within the next `ms` milliseconds, and only one right after them. */
  hold(ms: number): Promise<void>;
};

/** `intervalMs`: from one turn to the next, on the average. `burst`: so many turns may come at once after a rest. */
export type PaceOptions = { pool: Pool; channel: string; intervalMs: number; burst: number };

/**
 * Opens the pace of a channel. GCRA (the generic cell rate algorithm, ITU-T I.371): one time for each channel, pushed on by
 * an interval a turn, that may run ahead of the clock by `burst - 1` intervals.
 */
export function openPace({ pool, channel, intervalMs, burst }: PaceOptions): Pace {
  const aheadMs = (burst - 1) * intervalMs;
  let last = { takenAt: 0, aheadMs: 0 };
  return {
    intervalMs,
    turn: async () => {
      const takenAt = performance.now();
      const { rows } = await pool.query<{ ahead_ms: number }>(turnSql, [channel, intervalMs, aheadMs]);
      const [turn] = rows;
      if (turn) {
        last = { takenAt, aheadMs: turn.ahead_ms };
        return 0;
      }
      const waits = await pool.query<{ wait_ms: number }>(waitSql, [channel, aheadMs]);
      return Math.max(1, Math.ceil(waits.rows[0]?.wait_ms ?? 0));
    },
    answered: async () => {
      // While `due_at` lay ahead of the clock, a turn pushed it on by an interval, whenever in that time it was taken: only
      // what goes beyond that makes a difference.
      const lateMs = performance.now() - last.takenAt - last.aheadMs;
      if (lateMs > 0) await pool.query(answeredSql, [channel, lateMs, burst * intervalMs]);
    },
    hold: async (ms) => void (await pool.query(holdSql, [channel, ms + aheadMs])),
  };
}

const turnSql = `
  insert into notifier.channel as channel (name, due_at)
  values ($1, statement_timestamp() + $2 * interval '1 millisecond')
  on conflict (name) do update
    set due_at = greatest(channel.due_at, statement_timestamp()) + $2 * interval '1 millisecond'
    where channel.due_at <= statement_timestamp() + $3 * interval '1 millisecond'
  returning (extract(epoch from due_at - statement_timestamp()) * 1000)::float8 - $2 as ahead_ms`;

const waitSql = `
  select (extract(epoch from due_at - clock_timestamp()) * 1000)::float8 - $2 as wait_ms
  from notifier.channel where name = $1`;

/**
 * Moves `due_at` on by what the turn came late, on top of turns that others took meanwhile. A whole burst from now is the
 * latest it has to be: as if all turns of it had been taken now.
 */
const answeredSql = `
  update notifier.channel set due_at = greatest(due_at, least(
    due_at + $2 * interval '1 millisecond', clock_timestamp() + $3 * interval '1 millisecond'))
  where name = $1`;

const holdSql = `
  insert into notifier.channel as channel (name, due_at)
  values ($1, clock_timestamp() + $2 * interval '1 millisecond')
  on conflict (name) do update set due_at = greatest(channel.due_at, excluded.due_at)`;
