import type { ClientBase } from 'pg';
import type { Refusal } from './refusal.ts';

/**
 * Copies messages out of the log, with why they are parked. The payloads stay in the server, and `created_at` keeps its
 * microseconds. One statement for a batch, one probe of `message_by_sequence` for each row and partition of the ring: 1,000
 * rows take about 30 ms. It locks nothing that writers need.
 */
const copyToParked = `
insert into outbox.parked (seq, lane, id, topic, key, type, payload, headers, created_at, cause, code, error)
select message.*, refused.cause, refused.code, refused.error
  from unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[], $5::text[]) as refused(lane, seq, cause, code, error)
 cross join lateral (
   select seq, lane, id, topic, key, type, payload, headers, created_at from outbox.message
    where message.lane::integer = refused.lane::integer and message.seq = refused.seq) as message`;

/** Parks messages of the log. Their checkpoint belongs into the same transaction. */
export async function parkMessages(client: ClientBase, refusals: readonly Refusal[]): Promise<void> {
  await client.query({
    name: 'outbox park',
    text: copyToParked,
    values: [
      refusals.map(({ message }) => message.lane),
      refusals.map(({ message }) => message.seq),
      refusals.map(({ cause }) => cause),
      refusals.map(({ code }) => code),
      refusals.map(({ error }) => error),
    ],
  });
}
