import { CompiledQuery, type Kysely } from 'kysely';
import pg from 'pg';
import { lastInsert } from './join-commit.ts';

/** A message as the unit of work collected it. */
export interface AppendedMessage {
  id: string;
  topic: string;
  key: string;
  type: string;
  payload: Buffer;
  headers: Record<string, string>;
  /** Its place in the order of appends. */
  place: number;
}

/** MikroORM's transaction context for SQL databases. */
export type SqlTransaction = Pick<Kysely<unknown>, 'executeQuery'>;

/** Six parameters however many messages: a row of parameters each would soon pass PostgreSQL's limit of 65,535. */
const appendAll =
  'select outbox.append($1::text[], $2::text[], $3::text[], $4::bytea[], $5::jsonb[], $6::uuid[])';

/** The largest payload that is written into its statement: as hex it takes twice its bytes. */
const mostInlineBytes = 16 * 1024;

/** Inserts the messages of a transaction in one statement, each key's in the order of its appends. */
export async function insertMessages(
  transaction: SqlTransaction,
  messages: AppendedMessage[],
): Promise<void> {
  const [first] = messages;
  if (!first) return;
  const isInline = messages.length === 1 && first.payload.length <= mostInlineBytes;
  await transaction.executeQuery(
    isInline ? CompiledQuery.raw(insertOne(first)) : CompiledQuery.raw(appendAll, arraysOf(messages)),
  );
}

/**
 * Most units of work have one message, and a small one. The values are in it, as MikroORM writes its own statements: without
 * parameters it can go with the COMMIT (`joinCommit`). Without the call of `outbox.append`, which does nothing more for one
 * message, the database needs 20 µs less.
 */
const insertOne = ({ id, topic, key, type, payload, headers }: AppendedMessage): string => {
  const texts = [id, topic, key, type, JSON.stringify(headers)].map(pg.escapeLiteral);
  const bytes = `E'\\\\x${payload.toString('hex')}'`;
  return `${lastInsert}into outbox.message (id, topic, key, type, headers, payload) values (${texts.join()}, ${bytes})`;
};

const columnsOf = ({ topic, key, type, payload, headers, id }: AppendedMessage) => [
  topic,
  key,
  type,
  payload,
  JSON.stringify(headers),
  id,
];

function arraysOf(messages: AppendedMessage[]): unknown[] {
  const rows = messages.toSorted((one, other) => one.place - other.place).map(columnsOf);
  return [0, 1, 2, 3, 4, 5].map((column) => rows.map((row) => row[column]));
}
