import { hoursLiteral, timeLiteral, type Statements } from './statements.ts';

/** Rows of one statement: their locks are held, and their dead versions made, for a moment only. */
const portion = 1000;
/** Statements of one call: the rest is left to the next one. */
const portions = 20;

/** How many rows were deleted. */
export interface Deleted {
  parked: number;
  requests: number;
}

/** How to delete. `at`: the present, the server's own when not given. */
export interface DeleteSettledOptions {
  retentionHours: number;
  at?: Date;
}

/**
 * Deletes the parked messages that were published or discarded, and the requests that were finished, longer ago than the
 * retention: the oldest first, in portions. Throws what `statements` throws.
 */
export async function deleteSettled(statements: Statements, options: DeleteSettledOptions): Promise<Deleted> {
  const before = `${timeLiteral(options.at)} - ${hoursLiteral(options.retentionHours)}`;
  return {
    parked: await inPortions(statements, settledParked(before)),
    requests: await inPortions(statements, finishedRequests(before)),
  };
}

/**
 * A parked copy says what became of its message, and stays as long as that is in the log: without it, message_status would
 * tell that a discarded one is published. By the index on settled_at; one probe of each partition for a row.
 */
const settledParked = (before: string): string => `
with oldest as materialized (
  select seq, lane from outbox.parked where state <> 'PARKED' and settled_at < ${before}
   order by settled_at limit ${portion} for update skip locked)
delete from outbox.parked using oldest
 where parked.seq = oldest.seq
   and not exists (select from outbox.message where message.lane::integer = oldest.lane::integer and message.seq = oldest.seq)
returning parked.seq`;

/** By the index on finished_at. */
const finishedRequests = (before: string): string => `
with oldest as materialized (
  select number from outbox.request where finished_at < ${before}
   order by finished_at limit ${portion} for update skip locked)
delete from outbox.request using oldest where request.number = oldest.number
returning request.number`;

async function inPortions(statements: Statements, text: string): Promise<number> {
  let deleted = 0;
  for (let made = 0; made < portions; made++) {
    const { length } = (await statements.query(text)).rows;
    deleted += length;
    if (length < portion) break;
  }
  return deleted;
}
