import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, launch, logTail, pollUntil } from '@payments/servers';
import type { ServerProcess } from '@payments/servers';
import type pg from 'pg';
import { bareEnvironment, javaHome } from '../../config.ts';
import type { Ground } from '../../ground/ground.ts';
import { appendMessages } from '../../load/messages.ts';
import { goOn, halt } from '../halt.ts';
import { perTransaction } from '../mover.ts';
import type { DatabaseMover } from '../mover.ts';
import { isRead, openSlot, untilSent } from '../replication-slot.ts';
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
  options: { name: string; pollMs: number; log: (line: string) => void; stop: AbortSignal },
): Promise<DatabaseMover> {
  const { name, pollMs } = options;
  const [home, java] = [await fetchDebezium(options), await findJava({ javaHome: javaHome() })];
  await using opening = new AsyncDisposableStack();
  const database = opening.use(await ground.database());
  const { client } = database;
  // All of it is there before the first row.
  await client.query(createTable);
  const slot = `bench_${randomBytes(4).toString('hex')}`;
  opening.use(await openSlot(client, slot));
  const server = opening.use(await start(ground, { home, java, databaseUrl: database.url, slot, pollMs }));
  await untilStreaming(client, { slot, server });
  await halt(client, server.pid);
  const open = opening.move();
  return {
    name,
    pids: [server.pid],
    headers: ['id', ...Object.values(headersByColumn)],
    mayLose: true,
    databaseUrl: database.url,
    statement: insertStatement,
    committed: () => undefined,
    take: async (messages) => {
      goOn(server.pid);
      await untilSent(client, slot, startMs);
      await halt(client, server.pid);
      await appendMessages(client, { ...messages, perTransaction, statement: insertStatement });
    },
    letGo: () => Promise.resolve(goOn(server.pid)),
    rest: () => halt(client, server.pid),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

interface Server extends AsyncDisposable {
  pid: number;
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
    env: bareEnvironment(),
    logFile,
    endSignal: 'SIGKILL',
    remedy: 'install Java 21 or newer',
  });
  const { pid, requireRunning } = running;
  return {
    pid,
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
  if (running()) goOn(pid);
  await end('SIGTERM', graceMs);
}

async function untilStreaming(
  client: pg.Client,
  { slot, server }: { slot: string; server: Server },
): Promise<void> {
  const waiting = { for: 'Debezium Server to stream', timeoutMs: startMs, giveUpIf: server.requireRunning };
  try {
    await pollUntil(waiting, async () => ((await isRead(client, slot)) ? true : undefined));
  } catch (cause) {
    throw new Error(`Debezium Server did not begin:\n${await logTail(server.logFile, 30)}`, { cause });
  }
}
