import type { ClientBase } from 'pg';
import { payloadUpToLargest } from '../relay/payload-read.ts';
import type { BatchLimits, RelayMessage } from '../relay/read-messages.ts';
import { toRelayMessage, type StoredMessage } from '../relay/stored-message.ts';

/** Where a reading goes on, in order of topic and key: with a key, behind it, or behind all of its topic. */
export interface Place {
  go: 'WITH_KEY' | 'BEHIND_KEY' | 'BEHIND_TOPIC';
  topic: string;
  key: string;
}

/** Which parked messages of a lane: of a topic, of a key, of both, or all. */
export interface ParkedScope {
  lane: number;
  topic: string | null;
  key: string | null;
  /** What comes before it is left out. */
  place?: Place | undefined;
  /** Only what waits for its topic, oldest first. Else each key's together, in order of topic, key and seq. */
  waitingForTopic?: boolean;
}

/** Parked messages, each key's in order from its first; `truncated` when a limit cut them off, the last one's key perhaps. */
export interface ParkedMessages {
  messages: RelayMessage[];
  truncated: boolean;
}

/**
 * Reads the next parked messages of a lane, whose owner alone may settle them.
 *
 * A key always from the first that is left, never behind a remembered number: a transaction that commits late brings lower
 * ones, which would be skipped and their successors overtake. Whole keys may be passed over, by the index however many they
 * are; a list of them made a question of 20,000 keys take more than 10 s. By `parked_by_key` (lane, topic, key, seq) or
 * `parked_by_topic` (lane, topic, seq), without a sort; each form of the question is a text of its own, for conditions
 * with OR would read the whole lane.
 */
export async function readParked(
  client: ClientBase,
  scope: ParkedScope,
  limits: BatchLimits,
): Promise<ParkedMessages> {
  const { text, values } = nextParked(scope, limits);
  const { rows } = await client.query<StoredMessage & { found: string }>(text, values);
  const found = Number(rows[0]?.found ?? 0);
  return {
    messages: rows.map(toRelayMessage),
    truncated: found === limits.rows || found > rows.length,
  };
}

function nextParked(scope: ParkedScope, limits: BatchLimits): { text: string; values: unknown[] } {
  const { lane, topic, key, place, waitingForTopic = false } = scope;
  const values: unknown[] = [lane, limits.rows, limits.bytes];
  const value = (one: unknown) => `$${values.push(one)}`;
  const conditions = [
    // An equality beside the comparison of a place would begin at the lane's first row.
    place && topic === null ? 'lane <= $1' : 'lane = $1',
    `state = 'PARKED'`,
    waitingForTopic && `cause = 'TOPIC'`,
    topic !== null && `topic = ${value(topic)}`,
    key !== null && `key = ${value(key)}`,
    place && from(place, value),
  ];
  const order = waitingForTopic ? 'lane, topic, seq' : 'lane, topic, key, seq';
  const text = `
select lane, seq, id, topic, key, type, ${payloadUpToLargest} as payload, headers, created_at, found from (
  select *, count(*) over () as found, sum(size) over (order by ${order}) - size as bytes_before
    from (select lane, seq, id, topic, key, type, payload, headers, created_at,
                 octet_length(payload) + octet_length(key) + pg_column_size(headers) as size
            from outbox.parked
           where ${conditions.filter(Boolean).join(' and ')}
           order by ${order} limit $2) as next
  ) as batch
 where bytes_before < $3 order by ${order}`;
  return { text, values };
}

function from({ go, topic, key }: Place, value: (one: unknown) => string): string {
  if (go === 'BEHIND_TOPIC') return `(lane, topic) > ($1, ${value(topic)})`;
  return `(lane, topic, key) ${go === 'WITH_KEY' ? '>=' : '>'} ($1, ${value(topic)}, ${value(key)})`;
}
