import { pollUntil } from '@payments/servers';
import type pg from 'pg';

/** How long it may take until a process has no transaction open, in milliseconds. */
const patienceMs = 60_000;

/**
 * Stops a process that works on the database of `client` (SIGSTOP), at a moment when none of its transactions is open: an open one would
 * be felt by others for as long as it is stopped. The process feels nothing, and its JVM stays warm; {@link goOn} lets it go.
 */
export async function halt(client: pg.Client, pid: number): Promise<void> {
  await pollUntil({ for: `process ${pid} to end its transactions`, timeoutMs: patienceMs }, async () => {
    process.kill(pid, 'SIGSTOP');
    const { rowCount } = await client.query(
      `select from pg_stat_activity
        where datname = current_database() and backend_type = 'client backend' and xact_start is not null and pid <> pg_backend_pid()`,
    );
    if (rowCount === 0) return true;
    goOn(pid);
    return undefined;
  });
}

/** Lets a stopped process go on. */
export function goOn(pid: number): void {
  process.kill(pid, 'SIGCONT');
}
