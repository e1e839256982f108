import pg from 'pg';
import { advisoryLockClass } from '../advisory-locks.ts';
import { OutboxError } from '../errors.ts';

/** How long transactions that are open may take to end. Nobody appends meanwhile. */
const lockTimeout = '10s';

/**
 * Has the log to itself, to the end of the transaction. The locks of the lanes, against relays: they are tried, and one that
 * starts now stands by. Then the tables, against writers: those that have begun are waited for, and all that they committed is
 * seen behind it; those that come wait, and append to the log as it is afterwards.
 * @throws {OutboxError} DATABASE_REFUSED, retriable.
 */
export async function holdLog(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ lane: number }>(
    `select lane from generate_series(0, 15) as lane where not pg_try_advisory_xact_lock($1, lane) order by lane`,
    [advisoryLockClass.lane],
  );
  if (rows.length > 0) {
    throw refused(
      `A relay owns lane ${rows.map(({ lane }) => lane).join(', ')}: stop the relays, and adopt again.`,
    );
  }
  await client.query(`set local lock_timeout = '${lockTimeout}'`);
  try {
    await client.query('lock table outbox.message, outbox.checkpoint in access exclusive mode');
  } catch (thrown) {
    if (!isLockTimeout(thrown)) throw thrown;
    throw refused(
      `Transactions that use the outbox have been open for more than ${lockTimeout}: end them, and adopt again.`,
      thrown,
    );
  }
}

const isLockTimeout = (thrown: unknown): boolean =>
  thrown instanceof pg.DatabaseError && thrown.code === '55P03';

const refused = (message: string, cause?: unknown): OutboxError =>
  new OutboxError('DATABASE_REFUSED', message, { retriable: true, cause });
