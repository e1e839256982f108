import pg from 'pg';

import { untilSeen } from './station.ts';

/** The message of a payment, as the outbox has it. */
export type OutboxRow = { id: string; lane: number; seq: string; status: string };

/** The newest message of a key. The lane is computed, so that the index finds it however many messages there are. */
const newestOfKey = `
  with newest as (
    select id, lane, seq, xid, key from outbox.message
     where lane = (outbox.key_hash($1) & 15)::smallint and key = $1
     order by seq desc limit 1)
  select newest.id, newest.lane, newest.seq::text, message_status.status
    from newest join outbox.message_status on message_status.seq = newest.seq and message_status.key = newest.key`;

/** Waits until the message of a key is published. @throws StackError when it is not in time */
export async function seeOutboxRow(options: {
  databaseUrl: string;
  key: string;
  stop: AbortSignal;
}): Promise<OutboxRow> {
  const client = new pg.Client({ connectionString: options.databaseUrl });
  client.on('error', () => {}); // A connection that is lost is told by the query.
  await client.connect();
  try {
    return await untilSeen(`a published message of ${options.key}`, options.stop, async () => {
      const { rows } = await client.query<OutboxRow>(newestOfKey, [options.key]);
      return rows.find(({ status }) => status === 'PUBLISHED');
    });
  } finally {
    await client.end();
  }
}
