import type pg from 'pg';
import { endConnection, openConnection } from '../connection.ts';
import { OutboxError, outboxError } from '../errors.ts';
import { inTransaction } from '../in-transaction.ts';
import { migrateOutbox } from '../migrations/migrate-outbox.ts';
import { readClusterIdentity } from '../relay/checkpoints.ts';
import { readServerFacts, unsuitable } from '../relay/connect.ts';
import { appendAgain } from './append-again.ts';
import { readCopiedPositions, type CopiedPosition } from './copied-positions.ts';
import { holdLog } from './hold-log.ts';
import { keepPositions } from './keep-positions.ts';
import { setAside } from './set-aside.ts';
import { startOver } from './start-over.ts';

/** What to adopt. */
export interface AdoptLogOptions {
  databaseUrl: string;
  /** For a server that was upgraded by pg_upgrade, which keeps transaction ids: go on where the log stood. */
  keepPosition?: boolean;
}

/** What was done. */
export interface Adoption {
  keptPosition: boolean;
  /** Messages appended again, to be published. */
  adopted: number;
  /** Rows now in `outbox.set_aside`, those that were appended again among them. */
  setAside: number;
  /** Where the lanes stood in the copy. */
  lanes: CopiedPosition[];
}

/**
 * Makes a log that was copied from another database cluster this one's own. The transaction ids in it mean nothing here, so
 * its rows are set aside, and those that may be unpublished are appended again, with their ids; in doubt a message is repeated,
 * never lost. One transaction: it is done as a whole or not at all. Writers wait for it; relays have to be stopped.
 *
 * @throws {OutboxError} MISUSE when the log is this cluster's own, or its position cannot be kept; DATABASE_REFUSED (retriable)
 *   when relays or writers are at it; SERVER_UNSUITABLE, SCHEMA_OUTDATED, DATABASE_UNAVAILABLE.
 */
export async function adoptLog({ databaseUrl, keepPosition = false }: AdoptLogOptions): Promise<Adoption> {
  await requireLog(databaseUrl);
  await migrateOutbox({ databaseUrl });
  try {
    // However large the log is: it is read once, and the messages to adopt are written once more.
    const client = await openConnection({ databaseUrl, name: 'outbox adopt', answerTimeoutMs: 0 });
    try {
      return await inTransaction(client, () => (keepPosition ? keep(client) : adopt(client)));
    } finally {
      await endConnection(client);
    }
  } catch (thrown) {
    throw outboxError(thrown);
  }
}

/** A database that has no outbox is another one than was meant: nothing is to be made in it. */
async function requireLog(databaseUrl: string): Promise<void> {
  try {
    const client = await openConnection({ databaseUrl, name: 'outbox adopt' });
    const { rows } = await client
      .query<{ database: string; present: boolean }>(
        `select current_database() as database, to_regclass('outbox.message') is not null as present`,
      )
      .finally(() => endConnection(client));
    if (rows[0]?.present) return;
    throw new OutboxError(
      'SCHEMA_OUTDATED',
      `There is no outbox in database "${rows[0]?.database}": name another database.`,
    );
  } catch (thrown) {
    throw outboxError(thrown);
  }
}

async function adopt(client: pg.Client): Promise<Adoption> {
  const lanes = await begin(client);
  const { systemIdentifier } = await readClusterIdentity(client);
  const rows = await setAside(client, systemIdentifier);
  await startOver(client);
  return { keptPosition: false, adopted: await appendAgain(client), setAside: rows, lanes };
}

async function keep(client: pg.Client): Promise<Adoption> {
  const lanes = await begin(client);
  await keepPositions(client);
  return { keptPosition: true, adopted: 0, setAside: 0, lanes };
}

/** What both ways begin with. */
async function begin(client: pg.Client): Promise<CopiedPosition[]> {
  await refuseUnsuitable(client);
  // Before the locks, so that nobody stops relays for nothing; behind them, for another adoption may have ended meanwhile.
  await readForeignPositions(client);
  await holdLog(client);
  return readForeignPositions(client);
}

/** @throws {OutboxError} MISUSE when the log is this cluster's own. */
async function readForeignPositions(client: pg.Client): Promise<CopiedPosition[]> {
  const { systemIdentifier } = await readClusterIdentity(client);
  const lanes = await readCopiedPositions(client);
  if (lanes.length === 16 && lanes.every((lane) => lane.systemIdentifier === systemIdentifier)) {
    throw new OutboxError(
      'MISUSE',
      'There is nothing to adopt: the log was written by this database cluster, and relays publish from it as it is.',
    );
  }
  return lanes;
}

/** A pooler is no harm here: it is one transaction, and nothing of it outlives that. */
async function refuseUnsuitable(client: pg.Client): Promise<void> {
  const server = await readServerFacts(client);
  const reason = server && unsuitable(server, server.pid);
  if (reason) throw new OutboxError('SERVER_UNSUITABLE', reason);
}
