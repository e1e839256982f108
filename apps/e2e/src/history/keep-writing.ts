import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { PlannedWrite } from './plan-writes.ts';
import { writeTransaction, type Hold } from './write-history.ts';

/** What a writer went through. Its commits are the database's to tell. */
export interface Tally {
  transactions: number;
  /** Lost connections, and commits in doubt with them. */
  interrupted: number;
  deadlocks: number;
}

/** Runs a writer's transactions until `stop`, over every crash of the server. */
export async function keepWriting(options: {
  databaseUrl: string;
  writes: Iterator<PlannedWrite, never>;
  stop: AbortSignal;
}): Promise<Tally> {
  const { databaseUrl, writes, stop } = options;
  const tally: Tally = { transactions: 0, interrupted: 0, deadlocks: 0 };
  while (!stop.aborted) {
    const writer = new pg.Client({ connectionString: databaseUrl, application_name: 'writer' });
    writer.on('error', () => undefined);
    try {
      await writer.connect();
      while (!stop.aborted) {
        await writeOnce(writer, writes.next().value, tally);
        tally.transactions += 1;
      }
    } catch (error) {
      if (!isInterruption(error)) throw error;
      tally.interrupted += 1;
      await pause(50);
    } finally {
      await writer.end().catch(() => undefined);
    }
  }
  return tally;
}

const dawdle: Hold = (holdMs) => pause(holdMs);

/** A deadlock's victim does its transaction again, as writers of SQL are told to. */
async function writeOnce(writer: pg.Client, write: PlannedWrite, tally: Tally): Promise<void> {
  try {
    await writeTransaction(writer, write, dawdle);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== '40P01') throw error;
    tally.deadlocks += 1;
    await writer.query('rollback');
    await writeOnce(writer, write, tally);
  }
}

/** The server went away, or is not back yet; anything else is a fault of the spec's own. */
function isInterruption(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return /^(57P|08)/.test(error.code ?? '');
  const { code = '', message } = error as NodeJS.ErrnoException;
  return ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(code) || /connection/i.test(message);
}
