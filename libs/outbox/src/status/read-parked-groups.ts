import type { ClientBase } from 'pg';
import type { RefusalCause } from '../parking/refusal.ts';

/** Parked messages that belong together: of one (topic, key), or of a topic of which nothing can be published for now. */
export interface ParkedGroup {
  topic: string;
  /** Null: the whole topic is parked. */
  key: string | null;
  lane: number | null;
  messages: number;
  /** The id of the first of them: the one to discard where a single message is refused. */
  firstId: string;
  /** How long ago the first was parked, in milliseconds. */
  sinceMs: number;
  /** Why the first one is parked. FOLLOWS: what it followed was discarded or published, and it waits for its release. */
  cause: RefusalCause;
  /** The name of the first one's error, and its text; where it follows, those of what it followed. */
  code: string;
  error: string;
}

/** What is parked. */
export interface Parked {
  /** The first groups, topics before keys, the oldest first. */
  groups: ParkedGroup[];
  keys: number;
  topics: number;
  messages: number;
  /** There is more than these counts say: counting stops. */
  more: boolean;
}

/** How many parked rows are looked at. */
const looks = 100_000;

/**
 * Groups the first 100,000 parked rows: 100 ms for as many, 1 ms for a few. Reads only.
 * The window functions come behind the grouping, so that the counts are of all groups and not of those told.
 */
const parkedGroups = `
with parked as materialized (
  select * from outbox.parked where state = 'PARKED' order by lane, topic, key, seq limit ${looks}
)
select topic, key_or_null as key, case when key_or_null is not null then min(lane)::integer end as lane,
       count(*)::integer as messages, (array_agg(id order by seq))[1] as "firstId",
       (extract(epoch from clock_timestamp() - min(parked_at)) * 1000)::float8 as "sinceMs",
       (array_agg(cause order by seq))[1] as cause, (array_agg(code order by seq))[1] as code, (array_agg(left(error, 500) order by seq))[1] as error,
       (count(key_or_null) over ())::integer as keys, (count(*) over () - count(key_or_null) over ())::integer as topics,
       (sum(count(*)) over ())::integer as "allMessages", sum(count(*)) over () >= ${looks} as more
  from (select *, case when cause <> 'TOPIC' then key end as key_or_null from parked) as grouped
 group by topic, key_or_null
 order by key_or_null is not null, min(parked_at), topic, key_or_null limit $1`;

type Row = ParkedGroup & { keys: number; topics: number; allMessages: number; more: boolean };

/** What is parked: counts, and the first `limit` groups. */
export async function readParkedGroups(client: ClientBase, limit: number): Promise<Parked> {
  const { rows } = await client.query<Row>(parkedGroups, [limit]);
  const { keys = 0, topics = 0, allMessages: messages = 0, more = false } = rows[0] ?? {};
  const groups = rows.map(({ topic, key, lane, messages, firstId, sinceMs, cause, code, error }) => ({
    ...{ topic, key, lane, messages, firstId, sinceMs, cause, code, error },
  }));
  return { groups, keys, topics, messages, more };
}
