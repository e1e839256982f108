import type pg from 'pg';
import { openConnection } from '../connection.ts';
import { OutboxError, outboxError } from '../errors.ts';
import { backendPid } from '../relay/connect.ts';

/**
 * Settings of a session that looks at an outbox. The reads are bounded by walking indexes, and are to be planned so
 * whatever the statistics say of the log; compiling the expressions of 16 partitions costs more than running them.
 */
const sessionSettings = { enable_sort: 'off', jit: 'off', search_path: 'pg_catalog' };

/** How long reading through the whole log may take, which no other look at it does. */
const answerTimeoutMs = 120_000;

/** How to look at an outbox. */
export interface StatusConnectionOptions {
  /** What it calls itself in pg_stat_activity: `outbox command` when not given. */
  name?: string;
  /** How long, in milliseconds, the connection and each statement may take: 120,000 a statement when not given. */
  answerWithinMs?: number;
}

/**
 * A connection for looking at an outbox, and for asking its relays to do something. End it with `client.end()`.
 * @throws {OutboxError} DATABASE_UNAVAILABLE; SCHEMA_OUTDATED where there is no outbox, an old one, or none for this role;
 *   SERVER_UNSUITABLE behind a pooler.
 */
export async function connectForStatus(
  databaseUrl: string,
  { name = 'outbox command', answerWithinMs }: StatusConnectionOptions = {},
): Promise<pg.Client> {
  const bounds =
    answerWithinMs === undefined
      ? { answerTimeoutMs }
      : { answerTimeoutMs: answerWithinMs, connectTimeoutMs: answerWithinMs };
  // Whoever is not waited for is to stop working, too.
  const settings = { ...sessionSettings, statement_timeout: `${answerWithinMs ?? 0}ms` };
  try {
    return await openConnection({ databaseUrl, name, ...bounds }, async (client) => {
      await refusePooler(client);
      await requireSchema(client);
      for (const [setting, value] of Object.entries(settings)) {
        await client.query('select set_config($1, $2, false)', [setting, value]);
      }
    });
  } catch (thrown) {
    throw outboxError(thrown);
  }
}

/** The settings would stay with the pooler's connection, for whoever gets it next; a search path above all. */
async function refusePooler(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  if (rows[0]?.pid === backendPid(client)) return;
  throw new OutboxError(
    'SERVER_UNSUITABLE',
    'There is a connection pooler before this PostgreSQL: give a direct URL, since the settings of this session would stay with its connection.',
  );
}

const schemaFacts = `
select current_user as role, current_database() as database,
       to_regnamespace('outbox') is not null as present,
       coalesce(has_schema_privilege(to_regnamespace('outbox'), 'usage'), false) as usable`;

async function requireSchema(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ role: string; database: string; present: boolean; usable: boolean }>(
    schemaFacts,
  );
  const { role, database, present, usable } = rows[0] ?? {
    role: '',
    database: '',
    present: false,
    usable: false,
  };
  if (!present) {
    throw new OutboxError(
      'SCHEMA_OUTDATED',
      `There is no outbox in database "${database}": start a service that has one, or name another database.`,
    );
  }
  if (!usable) {
    throw new OutboxError(
      'SCHEMA_OUTDATED',
      `Role "${role}" may not look into schema outbox: grant it USAGE on the schema and SELECT on its tables.`,
    );
  }
  const { rows: tables } = await client.query(`select 1 where to_regclass('outbox.request') is not null`);
  if (tables.length === 0) {
    throw new OutboxError(
      'SCHEMA_OUTDATED',
      `The outbox in database "${database}" is older than this command: start its relay or its service, which bring it up to date.`,
    );
  }
}
