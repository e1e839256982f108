import type { ClientBase } from 'pg';
import type { RelayMessage } from '../relay/read-messages.ts';
import { orderOf, type Refusal } from './refusal.ts';

/** By the primary key; nobody but the lane's owner updates these rows, so no lock is waited for. */
const settle = `
update outbox.parked set state = $2, settled_at = clock_timestamp()
 where seq = any ($1::bigint[]) and state = 'PARKED'
returning seq`;

/** What was parked is published, or given up. @returns how many were still parked */
export async function settleParked(
  client: ClientBase,
  messages: readonly Pick<RelayMessage, 'seq'>[],
  state: 'PUBLISHED' | 'DISCARDED',
): Promise<number> {
  if (messages.length === 0) return 0;
  const { rowCount } = await client.query({
    name: 'outbox settle parked',
    text: settle,
    values: [messages.map(({ seq }) => seq), state],
  });
  return rowCount ?? 0;
}

/**
 * A message that was refused again, and all that is parked behind it of its (topic, key). By `parked_by_key`; rows that
 * say the same already are left alone, so that a topic which is tried again and again makes no dead rows.
 */
const park = `
update outbox.parked
   set cause = case when parked.seq = head.seq or head.cause = 'TOPIC' then head.cause else 'FOLLOWS' end,
       code = head.code, error = head.error
  from unnest($1::smallint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[])
         as head(lane, topic, key, seq, cause, code, error)
 where parked.lane = head.lane and parked.topic = head.topic and parked.key = head.key and parked.seq >= head.seq
   and parked.state = 'PARKED'
   and (parked.cause, parked.code, parked.error) is distinct from
       (case when parked.seq = head.seq or head.cause = 'TOPIC' then head.cause else 'FOLLOWS' end, head.code, head.error)`;

/** Keeps what was refused again while it was released, with its new error, and its followers. `refusals`: in order of seq. */
export async function parkAgain(client: ClientBase, refusals: readonly Refusal[]): Promise<void> {
  const heads = headsOf(refusals);
  if (heads.length === 0) return;
  await client.query({
    name: 'outbox park again',
    text: park,
    values: [
      heads.map(({ message }) => message.lane),
      heads.map(({ message }) => message.topic),
      heads.map(({ message }) => message.key),
      heads.map(({ message }) => message.seq),
      heads.map(({ cause }) => cause),
      heads.map(({ code }) => code),
      heads.map(({ error }) => error),
    ],
  });
}

/** The first refusal of each (topic, key), which says why the others wait. */
export function headsOf(refusals: readonly Refusal[]): Refusal[] {
  const heads = new Map<string, Refusal>();
  for (const refusal of refusals) {
    const order = orderOf(refusal.message);
    if (!heads.has(order)) heads.set(order, refusal);
  }
  return [...heads.values()];
}

/** One probe of `parked_by_key`. */
const left = `
select count(*)::integer as count from outbox.parked
 where lane = $1 and topic = $2 and key = $3 and state = 'PARKED'`;

/** How many messages of a (topic, key) are parked. */
export async function countParked(
  client: ClientBase,
  { lane, topic, key }: { lane: number; topic: string; key: string },
): Promise<number> {
  const { rows } = await client.query<{ count: number }>(left, [lane, topic, key]);
  return rows[0]?.count ?? 0;
}
