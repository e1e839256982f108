import { CompiledQuery, type Kysely } from 'kysely';

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

/** Inserts the messages of a transaction in one statement, each key's in the order of its appends. */
export async function insertMessages(
  transaction: SqlTransaction,
  messages: AppendedMessage[],
): Promise<void> {
  if (messages.length === 0) return;
  const inOrder = messages.toSorted((one, other) => one.place - other.place);
  const column = <Name extends keyof AppendedMessage>(name: Name) => inOrder.map((message) => message[name]);
  const headers = inOrder.map((message) => JSON.stringify(message.headers));
  await transaction.executeQuery(
    CompiledQuery.raw(appendAll, [
      column('topic'),
      column('key'),
      column('type'),
      column('payload'),
      headers,
      column('id'),
    ]),
  );
}
