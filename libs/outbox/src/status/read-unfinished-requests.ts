import type { ClientBase } from 'pg';

/** What somebody asked the owner of a lane to do, and is not finished. */
export interface UnfinishedRequest {
  number: number;
  lane: number;
  kind: 'RELEASE' | 'DISCARD' | 'REPUBLISH';
  topic: string | null;
  key: string | null;
  /** How long ago it was asked, in milliseconds, and by which role. */
  ageMs: number;
  requestedBy: string;
  /** Messages carried out so far. */
  count: number;
}

/** By request_waiting, which holds the open ones alone. */
const unfinishedRequests = `
select number::float8, lane, kind, topic, key, requested_by as "requestedBy", count::float8,
       (extract(epoch from clock_timestamp() - requested_at) * 1000)::float8 as "ageMs"
  from outbox.request where finished_at is null order by lane, number limit $1`;

/** The requests that wait for the owners of their lanes; at most `limit`. */
export async function readUnfinishedRequests(
  client: ClientBase,
  limit: number,
): Promise<UnfinishedRequest[]> {
  const { rows } = await client.query<UnfinishedRequest>(unfinishedRequests, [limit]);
  return rows;
}
