import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from './open-database.ts';

/**
 * Asks the database every `everyMs` whether it is there, and reports each change, until `stop`: a service whose database
 * went away says so to load balancers, and comes good by itself.
 *
 * A check without an answer after `withinMs` counts as away, and is waited for on: a new one each time would take the
 * places of the pool, one by one. The pool ends it in the end.
 *
 * MikroORM takes a database that nothing has used yet for one that is away, and never looks: `connect` makes its pool, and
 * sends nothing. Without it a service that nobody calls would be un-ready, so nobody would be sent to it.
 * @param options.report called with undefined when the database is there, with the reason when it is not
 */
export const watchDatabase = async (options: {
  database: Pick<Database, 'connect' | 'checkConnection'>;
  report: (unavailable: string | undefined) => void;
  stop: AbortSignal;
  everyMs?: number;
  withinMs?: number;
}): Promise<void> => {
  const { database, report, stop, everyMs = 2_000, withinMs = 3_000 } = options;
  const silent = `no answer within ${withinMs} ms`;
  let last: string | undefined;
  let check: Promise<string | undefined> | undefined;
  await database.connect();
  while (!stop.aborted) {
    await sleep(check ? 0 : everyMs, stop);
    if (stop.aborted) return;
    check ??= reasonOf(database);
    const reason = await unlessLate({ check, late: silent, withinMs, stop });
    if (reason !== silent) check = undefined;
    if (reason !== last && !stop.aborted) report(reason);
    last = reason;
  }
};

const sleep = (forMs: number, signal: AbortSignal): Promise<void> =>
  pause(forMs, undefined, { signal }).catch(() => undefined);

const reasonOf = async (database: Pick<Database, 'checkConnection'>): Promise<string | undefined> => {
  const check = await database.checkConnection();
  return check.ok ? undefined : check.reason;
};

/** What `check` comes to, or `late` after `withinMs` or once `stop` is aborted. */
const unlessLate = async (options: {
  check: Promise<string | undefined>;
  late: string;
  withinMs: number;
  stop: AbortSignal;
}): Promise<string | undefined> => {
  const { check, late, withinMs, stop } = options;
  const done = new AbortController();
  const timer = sleep(withinMs, AbortSignal.any([stop, done.signal])).then(() => late);
  try {
    return await Promise.race([check, timer]);
  } finally {
    done.abort();
  }
};
