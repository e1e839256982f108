import { waitFor } from '@payments/runtime';
import type { ChannelTools } from './channel-tools.ts';

/**
 * PostgreSQL may be away: waits for it, at most `maxMs` milliseconds from try to try, with `/readyz` saying so. Rejects with
 * the reason of `until` when that comes first: `stop` for what a post can do without, `grace` for what must follow it.
 */
export function onPostgres<T>(
  statement: () => Promise<T>,
  until: AbortSignal,
  { log, health, maxMs = 10_000 }: Pick<ChannelTools, 'log' | 'health'> & { maxMs?: number },
): Promise<T> {
  return waitFor('postgres', statement, { stop: until, log, health, maxMs });
}
