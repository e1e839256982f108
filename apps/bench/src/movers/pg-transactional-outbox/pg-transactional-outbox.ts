import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { launch, logTail, pollUntil } from '@payments/servers';
import type pg from 'pg';
import { bareEnvironment } from '../../config.ts';
import type { BenchDatabase, Ground } from '../../ground/ground.ts';
import { appendMessages, messageType, payloadOf, writerHeaders } from '../../load/messages.ts';
import { goOn, halt } from '../halt.ts';
import { perTransaction } from '../mover.ts';
import type { DatabaseMover } from '../mover.ts';
import { isRead, openSlot } from '../replication-slot.ts';
import { installPeer } from './install.ts';
import { names } from './listener-order.ts';
import type { Listening, ListenerOrder } from './listener-order.ts';

const program = join(import.meta.dirname, 'listener.child.ts');

/** Inserts numbers from $2 on, $3 of them, with $4 keys, for topic $1. The key is the segment too: its messages stay in order. */
const insertStatement = `
insert into ${names.schema}.${names.table} (id, aggregate_type, aggregate_id, message_type, segment, payload, metadata)
select gen_random_uuid(), $1::text, 'key-' || n % $4::bigint, '${messageType}', 'key-' || n % $4::bigint,
       to_jsonb(convert_from(${payloadOf}, 'UTF8')), ${writerHeaders}
  from generate_series($2::bigint, $2::bigint + $3::bigint - 1) as n order by n`;

/**
 * pg-transactional-outbox on a database of its own, in one of its two ways, with a handler that sends what waits in one request. It is
 * held back by stopping its process (SIGSTOP).
 */
export async function openPeer(
  ground: Ground,
  options: { name: string; listening: Listening; log: (line: string) => void; stop: AbortSignal },
): Promise<DatabaseMover> {
  const { name, listening } = options;
  const folder = await installPeer(options);
  await using opening = new AsyncDisposableStack();
  const database = opening.use(await ground.database());
  const { client, url: databaseUrl } = database;
  const slot = `bench_${randomBytes(4).toString('hex')}`;
  opening.use(await prepare(database, { folder, listening, slot }));
  const { brokers } = ground.kafka;
  const order: ListenerOrder = { listening, folder, databaseUrl, brokers, slot };
  const logFile = join(ground.folder, `${slot}.log`);
  const listener = await launch({
    name: 'pg-transactional-outbox',
    command: process.execPath,
    args: ['--disable-warning=TimeoutNegativeWarning', program, JSON.stringify(order)],
    env: bareEnvironment(),
    logFile,
    endSignal: 'SIGKILL',
    remedy: 'install Node.js',
  });
  // Stopped or not, and whatever it is doing: what it had to do has been looked at.
  opening.defer(async () => void (await listener.end('SIGKILL', 0)));
  await pollUntil(
    { for: 'pg-transactional-outbox to listen', timeoutMs: 60_000, giveUpIf: listener.requireRunning },
    () => isListening(client, { listening, slot }),
  ).catch(async (cause: unknown) => {
    throw new Error(`pg-transactional-outbox did not begin:\n${await logTail(logFile)}`, { cause });
  });
  await halt(client, listener.pid);
  const open = opening.move();
  return {
    name,
    pids: [listener.pid],
    mayLose: true,
    atMost: 10_000,
    databaseUrl,
    statement: insertStatement,
    committed: () => undefined,
    take: (messages) => appendMessages(client, { ...messages, perTransaction, statement: insertStatement }),
    letGo: () => Promise.resolve(goOn(listener.pid)),
    rest: async () => {
      await halt(client, listener.pid);
      // Polling is slow where many old rows lie; deleting them is left to its users.
      if (listening === 'polling')
        await client.query(`delete from ${names.schema}.${names.table} where processed_at is not null`);
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** What of its set-up is used here: each returns SQL. */
interface DatabaseSetup {
  dropAndCreateTable: (names: object) => string;
  createPollingFunction: (names: object) => string;
  setupPollingIndexes: (names: object) => string;
}

/** Its own table, function and indexes; the publication and the slot as its own set-up makes them. Disposing drops the slot. */
async function prepare(
  { client }: BenchDatabase,
  { folder, listening, slot }: { folder: string; listening: Listening; slot: string },
): Promise<AsyncDisposable> {
  const required = createRequire(join(folder, 'package.json'));
  const { DatabaseSetup: setup } = required('pg-transactional-outbox') as { DatabaseSetup: DatabaseSetup };
  const table = { outboxOrInbox: 'outbox', schema: names.schema, table: names.table };
  await client.query(setup.dropAndCreateTable(table));
  if (listening === 'polling') {
    await client.query(setup.createPollingFunction({ ...table, nextMessagesName: names.nextMessages }));
    await client.query(setup.setupPollingIndexes(table));
    return { [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  await client.query(
    `create publication ${names.publication} for table ${names.schema}.${names.table} with (publish = 'insert')`,
  );
  return openSlot(client, slot);
}

async function isListening(
  client: pg.Client,
  { listening, slot }: { listening: Listening; slot: string },
): Promise<true | undefined> {
  if (listening === 'replication') return (await isRead(client, slot)) || undefined;
  const { rowCount } = await client.query(
    'select from pg_stat_activity where application_name = $1 and datname = current_database()',
    [names.application],
  );
  return rowCount ? true : undefined;
}
