import { readFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type pg from 'pg';

/** How many messages wait: `LARGE_BACKLOG_ROWS`, default 200,000. */
export const backlogRows = (env: NodeJS.ProcessEnv = process.env): number =>
  Number(env['LARGE_BACKLOG_ROWS'] ?? 200_000);

/** What has been used so far: of processor time, in milliseconds, and of memory, in MB, here and by the relay's backend. */
export interface Usage {
  at: number;
  ownCpu: number;
  ownMemory: number;
  backendCpu: number;
  backendMemory: number;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is reachable, in MB: how much of the rest the collector leaves lying about is its own affair. */
function memoryInUse(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1_048_576;
}

/** Looks at this process and at the backend of the one relay session on the database, through Linux's /proc. */
export async function usageOf(onlooker: pg.Client): Promise<() => Promise<Usage>> {
  const { rows } = await onlooker.query<{ pid: number }>(
    `select pid from pg_stat_activity where application_name = 'outbox relay' and datname = current_database()`,
  );
  const backend = `/proc/${rows[0]?.pid}`;
  return async () => {
    const [nanoseconds] = (await readFile(`${backend}/schedstat`, 'utf8')).split(' ');
    // What the server's processes share is not the backend's own.
    const anonymous = /^RssAnon:\s+(\d+) kB/m.exec(await readFile(`${backend}/status`, 'utf8'))?.[1];
    const { user, system } = process.cpuUsage();
    return {
      at: performance.now(),
      ownCpu: (user + system) / 1000,
      ownMemory: memoryInUse(),
      backendCpu: Number(nanoseconds) / 1e6,
      backendMemory: Number(anonymous) / 1024,
    };
  };
}
