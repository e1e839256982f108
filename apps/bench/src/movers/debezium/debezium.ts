import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, launch, logTail, pollUntil } from '@payments/servers';
import type { ServerProcess } from '@payments/servers';
import type pg from 'pg';
import { javaHome } from '../../config.ts';
import type { BenchDatabase, Ground } from '../../ground/ground.ts';
import { appendMessages } from '../../load/messages.ts';
import { perTransaction } from '../mover.ts';
import type { Mover } from '../mover.ts';
import { debeziumVersion, fetchDebezium } from './fetch-debezium.ts';
import { findJava } from './find-java.ts';
import { createTable, headersByColumn, insertStatement } from './outbox-table.ts';
import { settingsOf } from './settings.ts';

/** How long it may take to begin streaming, and to end, in milliseconds. */
const startMs = 120_000;
const graceMs = 30_000;

/**
 * Debezium Server, with its outbox router, on a database of its own. It is held back by stopping its process (SIGSTOP), which
 * it does not feel: the JVM stays warm. PostgreSQL waits for it without an end.
 * @param options.pollMs how often it looks for what the log brought
 */
export async function openDebezium(
  ground: Ground,
  options: { pollMs: number; log: (line: string) => void },
): Promise<Mover> {
  const { pollMs, log } = options;
  const [home, java] = [await fetchDebezium({ log }), await findJava({ javaHome: javaHome() })];
  await using opening = new AsyncDisposableStack();
  const database = opening.use(await ground.database());
  const slot = opening.use(await prepare(database));
  const server = opening.use(
    await start(ground, { home, java, databaseUrl: database.url, slot: slot.name, pollMs }),
  );
  const { client } = database;
  await untilStreaming(client, { slot: slot.name, server });
  const open = opening.move();
  return {
    name: 'Debezium Server',
    pids: [server.pid],
    headers: ['id', ...Object.values(headersByColumn)],
    mayLose: true,
    take: async (messages) => {
      server.go();
      await untilRead(client, slot.name);
      server.halt();
      await appendMessages(client, { ...messages, perTransaction, statement: insertStatement });
    },
    letGo: () => Promise.resolve(server.go()),
    rest: async () => {
      await untilRead(client, slot.name);
      server.halt();
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** Its table, publication and slot are there before the first row. */
async function prepare({ client }: BenchDatabase): Promise<AsyncDisposable & { name: string }> {
  const name = `bench_${randomBytes(4).toString('hex')}`;
  await client.query(createTable);
  // A stopped process answers nobody, and is not to be taken for a dead one.
  const { rows } = await client.query<{ name: string }>('select quote_ident(current_database()) as name');
  await client.query(`alter database ${rows[0]?.name} set wal_sender_timeout = 0`);
  await client.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [name]);
  return {
    name,
    [Symbol.asyncDispose]: async () => {
      const idle = async () => ((await isActive(client, name)) ? undefined : true);
      await pollUntil({ for: `the end of ${name}'s reader`, timeoutMs: graceMs }, idle);
      await client.query('select pg_drop_replication_slot($1)', [name]);
    },
  };
}

interface Server extends AsyncDisposable {
  pid: number;
  go: () => void;
  halt: () => void;
  requireRunning: () => void;
  logFile: string;
}

async function start(
  { folder, kafka }: Ground,
  options: { home: string; java: string; databaseUrl: string; slot: string; pollMs: number },
): Promise<Server> {
  const { home, java, databaseUrl, slot, pollMs } = options;
  const own = join(folder, slot);
  await mkdir(join(own, 'config'), { recursive: true });
  const settings = settingsOf({
    databaseUrl,
    brokers: kafka.brokers,
    slot,
    offsetsFile: join(own, 'offsets.dat'),
    httpPort: await freePort(),
    pollMs,
  });
  await writeFile(join(own, 'config/application.properties'), settings);
  const logFile = join(own, 'debezium.log');
  const running = await launch({
    name: 'Debezium Server',
    command: java,
    args: javaArguments(home),
    cwd: own,
    logFile,
    endSignal: 'SIGKILL',
    remedy: 'install Java 21 or newer',
  });
  const { pid, requireRunning } = running;
  return {
    pid,
    go: () => void process.kill(pid, 'SIGCONT'),
    halt: () => void process.kill(pid, 'SIGSTOP'),
    requireRunning,
    logFile,
    [Symbol.asyncDispose]: () => end(running),
  };
}

const javaArguments = (home: string) => [
  ...['-Xms512m', '-Xmx1g', '--add-opens=java.base/java.lang=ALL-UNNAMED'],
  ...[
    '-cp',
    `${home}/debezium-server-dist-${debeziumVersion}-runner.jar:${home}/lib/*`,
    'io.debezium.server.Main',
  ],
];

/** Its offsets are of no use afterwards, so it may as well be killed. */
async function end({ end, running, pid }: ServerProcess): Promise<void> {
  if (running()) process.kill(pid, 'SIGCONT');
  await end('SIGTERM', graceMs);
}

async function untilStreaming(
  client: pg.Client,
  { slot, server }: { slot: string; server: Server },
): Promise<void> {
  const waiting = { for: 'Debezium Server to stream', timeoutMs: startMs, giveUpIf: server.requireRunning };
  try {
    await pollUntil(waiting, async () => ((await isActive(client, slot)) ? true : undefined));
  } catch (cause) {
    throw new Error(`Debezium Server did not begin:\n${await logTail(server.logFile, 30)}`, { cause });
  }
}

async function isActive(client: pg.Client, slot: string): Promise<boolean> {
  const { rows } = await client.query<{ active: boolean }>(
    'select active from pg_replication_slots where slot_name = $1',
    [slot],
  );
  return rows[0]?.active ?? false;
}

/** What others have written meanwhile has gone by, so that it has nothing to do but its own. */
async function untilRead(client: pg.Client, slot: string): Promise<void> {
  const { rows: now } = await client.query<{ lsn: string }>(
    'select pg_current_wal_insert_lsn()::text as lsn',
  );
  await pollUntil(
    { for: 'Debezium Server to have read the log', timeoutMs: startMs, everyMs: 50 },
    async () => {
      const { rows } = await client.query<{ read: boolean }>(
        `select sent_lsn >= $2::pg_lsn as read from pg_replication_slots join pg_stat_replication on pid = active_pid
        where slot_name = $1`,
        [slot, now[0]?.lsn],
      );
      return rows[0]?.read ? true : undefined;
    },
  );
}
