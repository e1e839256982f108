import { expect } from '@jest/globals';
import { eventually } from '@payments/testing';
import type pg from 'pg';

/** How many lanes each relay session owns, by its process id on the server. */
export async function laneCounts(onlooker: pg.Client): Promise<Map<number, number>> {
  // 0x4f425802 is the class of the lanes' locks.
  const { rows } = await onlooker.query<{ pid: number; lanes: number }>(
    `select pid, count(*)::integer as lanes from pg_locks
      where locktype = 'advisory' and classid = ${0x4f425802} and objsubid = 2 group by pid`,
  );
  return new Map(rows.map(({ pid, lanes }) => [pid, lanes]));
}

/** Waits until the relays' shares are these, the largest first. */
export async function untilShares(
  onlooker: pg.Client,
  shares: number[],
  options: { timeoutMs?: number } = {},
): Promise<void> {
  await eventually(
    async () => {
      const counts = [...(await laneCounts(onlooker)).values()];
      expect(counts.toSorted((one, other) => other - one)).toEqual(shares);
    },
    { everyMs: 50, ...options },
  );
}
