import type pg from 'pg';

/** A stretch of numbered messages. Number n has key `key-${n % keys}`, and its payload begins with n. */
export interface Messages {
  topic: string;
  /** The first number. */
  from: number;
  count: number;
  keys: number;
}

/** Bytes of a payload. */
export const payloadBytes = 200;
/** How many digits a payload begins with. */
export const payloadDigits = 12;

/** The headers that a writer gives a row: with those that the relay adds it is all that the contract knows. */
export const writerHeaders = `jsonb_build_object('ce_source', '/payments/payment', 'ce_subject', md5(n::text),
  'content-type', 'application/protobuf',
  'traceparent', format('00-%s-%s-00', md5(n::text), left(md5('span' || n), 16)))`;

/** The payload of number n in SQL: the same for every system. */
export const payloadOf = `convert_to(lpad(n::text, ${payloadDigits}, '0') || repeat('.', ${payloadBytes - payloadDigits}), 'UTF8')`;

/** The type that every message has. */
export const messageType = 'payment.v1.PaymentCompleted';

/** Appends numbers from $2 on, $3 of them, with $4 keys, for topic $1, through `outbox.append` as a service of plain SQL does. */
export const appendStatement = `
select outbox.append(array_agg($1::text), array_agg('key-' || n % $4::bigint order by n), array_agg('${messageType}'::text),
                     array_agg(${payloadOf} order by n), array_agg(${writerHeaders} order by n), null)
  from generate_series($2::bigint, $2::bigint + $3::bigint - 1) as n`;

/**
 * Appends messages to the outbox, so many to a transaction.
 * @param options.statement takes what `appendStatement` takes, for a system that has a table of its own
 */
export async function appendMessages(
  client: pg.Client,
  options: Messages & { perTransaction: number; statement?: string },
): Promise<void> {
  const { topic, from, count, keys, perTransaction, statement = appendStatement } = options;
  for (let begun = 0; begun < count; begun += perTransaction) {
    const some = Math.min(perTransaction, count - begun);
    await client.query({ name: 'append', text: statement, values: [topic, from + begun, some, keys] });
  }
}

/** The number that a payload begins with. */
export const numberIn = (payload: Buffer): number => Number(payload.toString('latin1', 0, payloadDigits));
