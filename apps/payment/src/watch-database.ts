import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from './database/open-database.ts';

/**
 * Asks the database every `everyMs` whether it is there, and reports each change, until `stop`: a service whose database
 * went away says so to load balancers, and comes good by itself.
 * @param options.report called with undefined when the database is there, with the reason when it is not
 */
export const watchDatabase = async (options: {
  database: Pick<Database, 'checkConnection'>;
  report: (unavailable: string | undefined) => void;
  stop: AbortSignal;
  everyMs?: number;
}): Promise<void> => {
  const { database, report, stop, everyMs = 2_000 } = options;
  let last: string | undefined;
  while (!stop.aborted) {
    await pause(everyMs, undefined, { signal: stop }).catch(() => undefined);
    const check = stop.aborted ? undefined : await database.checkConnection();
    const reason = check?.ok === false ? check.reason : undefined;
    if (reason !== last && !stop.aborted) report(reason);
    last = reason;
  }
};
