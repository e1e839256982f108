import type { ClientBase } from 'pg';
import type { ListedMessage } from './list-messages.ts';
import { newestPositions, passedByLane } from './newest-positions.ts';

/** One row of the log, and what became of it. */
export interface FoundMessage extends ListedMessage {
  /** Null: not published, or so long ago that the checkpoint which tells is gone. */
  publishedAt: Date | null;
  headers: Record<string, string>;
  payload: Buffer;
  /** Null unless Kafka ever refused it, or it had to wait behind one that Kafka refused. */
  parked: {
    cause: 'MESSAGE' | 'FOLLOWS' | 'TOPIC';
    code: string;
    error: string;
    parkedAt: Date;
    settledAt: Date | null;
  } | null;
}

/**
 * All rows with an id: one as a rule, several where a log was adopted, none in the log where its slot has been emptied and
 * only the parked copy is left. No index leads from an id to its rows, for every writer would pay for it: the log is read
 * through, 0.15 s for 600,000 messages of 200 bytes. The time of publishing reads the checkpoints of the lane.
 */
const messageById = `
with ${newestPositions},
in_log as materialized (
  select lane, xid, seq, topic, key, type, created_at, headers, payload from outbox.message where id = $1
),
parked as materialized (select * from outbox.parked where id = $1)
select seq::text, coalesce(message.lane, parked.lane)::integer as lane, $1::uuid as id,
       coalesce(message.topic, parked.topic) as topic, coalesce(message.key, parked.key) as key,
       coalesce(message.type, parked.type) as type, coalesce(message.created_at, parked.created_at) as "createdAt",
       coalesce(message.headers, parked.headers) as headers, coalesce(message.payload, parked.payload) as payload,
       coalesce(parked.state, case when published.at is not null or ${passedByLane} then 'PUBLISHED' else 'INIT' end) as status,
       case when parked.state is null then published.at
            when parked.state = 'PUBLISHED' then parked.settled_at end as "publishedAt",
       parked.cause, parked.code, parked.error, parked.parked_at as "parkedAt", parked.settled_at as "settledAt"
  from in_log as message
  full join parked using (seq)
  left join position on position.lane = message.lane
  left join lateral (select min(checkpoint.published_at) as at from outbox.checkpoint
                      where checkpoint.lane = message.lane and checkpoint.pos >= message.seq
                        and pg_visible_in_snapshot(message.xid, checkpoint."window")
                        and not pg_visible_in_snapshot(message.xid, checkpoint.done)) as published on true
 order by coalesce(message.seq, parked.seq)`;

type Row = Omit<FoundMessage, 'parked'> & { [Name in keyof NonNullable<FoundMessage['parked']>]: never };

/** Everything that is known of the messages with this id, in the order of the log. Reads only, and waits for nobody. */
export async function findMessage(client: ClientBase, id: string): Promise<FoundMessage[]> {
  const { rows } = await client.query<Row>(messageById, [id]);
  return rows.map(({ cause, code, error, parkedAt, settledAt, ...message }) => ({
    ...message,
    parked: cause === null ? null : { cause, code, error, parkedAt, settledAt },
  }));
}
