import { openProducer, type KafkaMessage } from '@payments/kafka';
import pg from 'pg';

/**
 * Readers of the log as outboxes are commonly written, each with a fault of its own. They are what the checker has to catch, and
 * shipped nowhere.
 */
export type PlantedReader = (client: pg.Client) => Promise<Row[]>;

interface Row {
  id: string;
  topic: string;
  key: string;
  payload: Buffer;
}

/** A cursor over transaction ids that stays behind every open transaction, read in the order of the ids. */
export function cursorByXid(): PlantedReader {
  let last = '0';
  return async (client) => {
    const { rows } = await client.query<Row & { xid: string }>(
      `select id, topic, key, payload, xid::text from outbox.message
        where xid > $1::xid8 and xid < pg_snapshot_xmin(pg_current_snapshot()) order by xid, seq`,
      [last],
    );
    last = rows.at(-1)?.xid ?? last;
    return rows;
  };
}

/** The difference between two snapshots, as our own reader has it; but the older one outlives the connection. */
export function positionInMemory(): PlantedReader {
  let done = '1:1:';
  return async (client) => {
    const { rows } = await client.query<Row & { snapshot: string }>(
      `select pg_current_snapshot()::text as snapshot, message.* from (select) as one
         left join (select id, topic, key, payload from outbox.message
                     where not pg_visible_in_snapshot(xid, $1::pg_snapshot) order by seq) as message on true`,
      [done],
    );
    done = rows[0]?.snapshot ?? done;
    return rows.filter(({ id }) => id !== null);
  };
}

/** Publishes what a reader finds now, on a connection made for it. */
export async function publishOnce(options: {
  read: PlantedReader;
  databaseUrl: string;
  brokers: readonly string[];
}): Promise<void> {
  const client = new pg.Client({ connectionString: options.databaseUrl, application_name: 'planted relay' });
  await client.connect();
  await using producer = openProducer({ kafka: { brokers: [...options.brokers], clientId: 'planted' } });
  try {
    await producer.send((await options.read(client)).map(toKafka));
  } finally {
    await client.end();
  }
}

/** A message as a planted relay sends it. */
export const toKafka = ({ id, topic, key, payload }: Row): KafkaMessage => ({
  topic,
  key,
  value: payload,
  headers: { ce_id: id },
});
