import type { ClientBase } from 'pg';
import type { BatchLimits, RelayMessage } from '../relay/read-messages.ts';
import { toRelayMessage, type StoredMessage } from './stored-message.ts';

/** A topic, or a key in it. */
export interface Order {
  topic: string;
  /** Null: the whole topic. */
  key: string | null;
}

/** Which parked messages of a lane: of a topic, of a key, of both, or all. */
export interface ParkedScope {
  lane: number;
  topic: string | null;
  key: string | null;
  /** What is left out of it. */
  except?: readonly Order[];
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
 * Always from the first that is left, never behind a remembered place: a transaction that commits late brings lower
 * numbers, which a place would skip and their successors overtake. By `parked_by_key` (lane, topic, key, seq) or
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
  const { lane, topic, key, except = [], waitingForTopic = false } = scope;
  const values: unknown[] = [lane, limits.rows, limits.bytes];
  const value = (one: unknown) => `$${values.push(one)}`;
  const conditions = [
    waitingForTopic && `cause = 'TOPIC'`,
    topic !== null && `topic = ${value(topic)}`,
    key !== null && `key = ${value(key)}`,
    except.length > 0 &&
      `not exists (select from unnest(${value(except.map((one) => one.topic))}::text[], ${value(except.map((one) => one.key))}::text[])
                            as other(topic, key)
                    where other.topic = parked.topic and coalesce(other.key, parked.key) = parked.key)`,
  ];
  const order = waitingForTopic ? 'lane, topic, seq' : 'lane, topic, key, seq';
  const text = `
select * from (
  select *, count(*) over () as found, sum(size) over (order by ${order}) - size as bytes_before
    from (select lane, seq, id, topic, key, type, payload, headers, created_at,
                 octet_length(payload) + octet_length(key) + pg_column_size(headers) as size
            from outbox.parked
           where ${['lane = $1', `state = 'PARKED'`, ...conditions].filter(Boolean).join(' and ')}
           order by ${order} limit $2) as next
  ) as batch
 where bytes_before < $3 order by ${order}`;
  return { text, values };
}
