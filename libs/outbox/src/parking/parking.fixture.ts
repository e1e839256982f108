import type pg from 'pg';
import { outboxDatabase } from '../outbox.fixture.ts';
import type { Batch } from '../relay/batches.ts';
import type { RelayMessage } from '../relay/read-messages.ts';
import type { RelaySession } from '../relay/relay-session.ts';
import { readRequests, type RequestProgress } from './ask-owner.ts';
import { orderOf, type Refusal } from './refusal.ts';

/** What a Kafka would say to a message: why it refuses it, or undefined. */
export type Broker = (message: RelayMessage) => 'MESSAGE' | 'TOPIC' | undefined;

/** A Kafka that refuses messages whose text begins so. */
export const refusing =
  (...texts: string[]): Broker =>
  ({ payload }) =>
    texts.some((text) => payload.toString().startsWith(text)) ? 'MESSAGE' : undefined;

/** A Kafka that takes nothing of a topic. */
export const withoutTopic =
  (name: string): Broker =>
  ({ topic }) =>
    topic === name ? 'TOPIC' : undefined;

/** A Kafka that takes everything. */
export const takingAll: Broker = () => undefined;

/** What a relay does with a batch: asks the broker for each message, and refuses what is behind a refused one of its key. */
export function publish(batch: Batch, broker: Broker): { taken: RelayMessage[]; refusals: Refusal[] } {
  const refusals: Refusal[] = [];
  const heads = new Set<string>();
  const taken = batch.messages.filter((message) => {
    const behind = heads.has(orderOf(message));
    const cause = behind ? 'FOLLOWS' : broker(message);
    if (!cause) return true;
    heads.add(orderOf(message));
    refusals.push({ message, cause, code: `${cause}_REFUSED`, error: `no: ${message.payload.toString()}` });
    return false;
  });
  return { taken, refusals };
}

/** One batch: published and acknowledged. @returns what the broker took; undefined when nothing waited */
export async function round(session: RelaySession, broker = takingAll): Promise<RelayMessage[] | undefined> {
  const batch = await session.nextBatch();
  if (batch.messages.length + batch.followers === 0 && !batch.full) return undefined;
  const { taken, refusals } = publish(batch, broker);
  await session.acknowledge(batch, refusals);
  return taken;
}

/** Rounds until nothing waits. @returns what the broker took, in order */
export async function rounds(session: RelaySession, broker = takingAll): Promise<RelayMessage[]> {
  const delivered: RelayMessage[] = [];
  for (let taken; (taken = await round(session, broker));) delivered.push(...taken);
  return delivered;
}

/** A database with the outbox, a writer, and a look at what is parked. */
export async function parkingDatabase() {
  const database = await outboxDatabase();
  const writer = await database.connect();

  /** Appends one message, text by text, in an order of commits. */
  const append = async (
    key: string,
    texts: readonly string[],
    topic = 'topic',
    client: pg.Client = writer,
  ) => {
    for (const text of texts)
      await client.query(`select outbox.append($1, $2, 'Happened', $3::bytea)`, [
        topic,
        key,
        Buffer.from(text),
      ]);
  };

  /** What is parked: text, cause, state. */
  const parked = async (): Promise<string[]> => {
    const { rows } = await writer.query<{ line: string }>(
      `select concat_ws(' ', convert_from(payload, 'UTF8'), cause, state) as line from outbox.parked order by seq`,
    );
    return rows.map(({ line }) => line);
  };

  const idOf = async (text: string): Promise<string> => {
    const { rows } = await writer.query<{ id: string }>('select id from outbox.message where payload = $1', [
      Buffer.from(text),
    ]);
    return rows[0]?.id ?? '';
  };

  /** How far requests are; their outcomes when all are finished. */
  const outcomes = async (numbers: number[]): Promise<RequestProgress[]> => readRequests(writer, numbers);

  return { ...database, writer, append, parked, idOf, outcomes };
}

/** Texts by key, in order of delivery. */
export function textsByKey(messages: readonly RelayMessage[]): Record<string, string[]> {
  const texts: Record<string, string[]> = {};
  for (const { key, payload } of messages) (texts[key] ??= []).push(payload.toString());
  return texts;
}
